"""What one connection may say, how much of it and how slowly: over a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from producers.limited_protocol import HEADER_FRAME_BYTES
from tests.servers import wait_until
from tests.unit.producers.live import GET, LAST, Echo, Live, answer, counted, rest, serving, tell

CHUNKED = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
READ_BYTES = 256 * 1024
"""What uvloop reads in one go: so much may be here before it is first looked at."""


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving() as live:
        yield live


def head(target: bytes = b"/", *headers: bytes) -> bytes:
    return b"GET %b HTTP/1.1\r\nconnection: close\r\n%b\r\n" % (target, b"".join(one + b"\r\n" for one in headers))


def header_of(size: int) -> bytes:
    """A header that brings a head to so many bytes of headers."""
    return b"a: " + b"b" * (size - len(b"connection: close\r\n") - len(b"a") - HEADER_FRAME_BYTES)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (head(b"/" + b"a" * 8191), 200),
        (head(b"/" + b"a" * 8192), 414),
        (head(b"/", *[b"a: b"] * 99), 200),
        (head(b"/", *[b"a: b"] * 100), 431),
        (head(b"/", header_of(65536)), 200),
        (head(b"/", header_of(65537)), 431),
    ],
    ids=["target", "target over", "headers", "headers over", "bytes", "bytes over"],
)
def test_a_head_is_taken_up_to_each_limit_and_refused_beyond(live: Live, said: bytes, status: int) -> None:
    assert live.status(said) == status


@pytest.mark.parametrize(
    ("said", "limit", "status"),
    [
        (b"GET /" + b"a" * 9000, "max_target_bytes", 414),
        (b"GET / HTTP/1.1\r\na: " + b"b" * 2 * READ_BYTES, "max_header_bytes", 431),
        (b"GET / HTTP/1.1\r\n" + b"a" * 2 * READ_BYTES, "max_header_bytes", 431),
        (b"GET / HTTP/1.1\r\na:" + b" " * 2 * READ_BYTES, "max_header_bytes", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 102, "max_headers", 431),
        (CHUNKED + b"1;" + b"a" * 2 * READ_BYTES, "max_header_bytes", 431),
        (CHUNKED + b"1\r\na\r\n0\r\na: " + b"b" * 2 * READ_BYTES, "max_header_bytes", 431),
        (CHUNKED + b"1\r\na\r\n0\r\n" + b"a: b\r\n" * 102, "max_headers", 431),
    ],
    ids=["target", "header", "name", "spaces", "headers", "chunk extension", "trailer", "trailers"],
)
def test_what_does_not_end_is_refused_while_it_comes(live: Live, said: bytes, limit: str, status: int) -> None:
    before = counted(limit)
    assert live.status(said) == status
    assert counted(limit) == before + 1


def test_a_refusal_says_the_limit_and_closes(live: Live) -> None:
    heard, _, body = live.say(head(b"/" + b"a" * 8192)).partition(b"\r\n\r\n")
    assert heard.lower().count(b"connection: close") == heard.count(b"content-type: application/problem+json") == 1
    assert json.loads(body) == {
        "type": "about:blank",
        "title": "Target too long",
        "status": 414,
        "detail": "A path with its query may have 8192 bytes. Ask for less.",
    }
    assert live.statuses[-1] == 414


def test_no_application_is_asked_about_a_head_that_is_refused(live: Live) -> None:
    live.app.seen.clear()
    live.say(head(b"/", *[b"a: b"] * 100))
    assert live.app.seen == []


def test_an_application_whose_request_goes_wrong_in_its_body_sees_the_sender_leave(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.limited_protocol.LINGER_SECONDS", 1000)
    live.app.seen.clear()
    with live.connect() as sender:
        tell(sender, CHUNKED + b"1\r\na\r\n0\r\na: " + b"b" * 2 * READ_BYTES)
        assert sender.recv(12) == b"HTTP/1.1 431"
        wait_until(lambda: live.app.seen == ["gone"], "the application has seen it leave", 10)


def test_many_small_chunks_are_a_body_and_no_head(live: Live) -> None:
    chunks = b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n"
    said = b"POST / HTTP/1.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    assert live.say(said, chunks).endswith(b"\r\n\r\n100000")


def test_a_trailer_does_not_become_a_header(live: Live) -> None:
    said = b"POST / HTTP/1.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nauthorization: x\r\n\r\n"
    assert live.status(said) == 200
    assert [name for name, _ in live.app.headers] == [b"connection", b"transfer-encoding"]


def test_what_is_no_http_is_told_so_as_a_problem(live: Live) -> None:
    assert b"application/problem+json" in live.say(b"rubbish\r\n\r\n")
    assert live.statuses[-1] == 400


def test_requests_in_a_row_are_answered_up_to_a_limit_and_the_next_is_refused_after_them(live: Live) -> None:
    assert live.say(GET * 15 + LAST).count(b"200 OK") == 16
    heard = live.say(GET * 17)
    assert (heard.count(b"200 OK"), heard.count(b"HTTP/1.1 503")) == (16, 1)
    assert heard.rindex(b"200 OK") < heard.index(b"HTTP/1.1 503")


def test_a_sender_that_leaves_with_two_requests_open_is_no_fault_of_ours(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    live.app.seen.clear()
    with live.connect() as sender:
        tell(sender, b"GET /slow HTTP/1.1\r\n\r\n" + GET)
        wait_until(lambda: "/slow" in live.app.seen, "the first is being answered", 10)
    live.until_count(0)
    live.run(live.app.gate.set)
    assert live.say(LAST).endswith(b"0")
    live.run(live.app.gate.clear)
    assert caplog.records == []


def test_a_bad_head_behind_a_good_request_waits_for_its_answer(live: Live) -> None:
    heard = live.say(GET + head(b"/" + b"a" * 8192))
    assert heard.index(b"200 OK") < heard.index(b"HTTP/1.1 414")


def test_a_connection_that_says_nothing_is_closed(live: Live) -> None:
    with live.connect() as silent:
        live.until_count(1)
        live.pass_time(9)
        assert live.server.places.count == 1
        live.pass_time(11)
        assert rest(silent) == b""
    live.until_count(0)


@pytest.mark.parametrize("said", [b"G", b"GET / HTTP/1.1\r\na: b\r\n"])
def test_a_head_that_trickles_is_told_that_it_is_too_slow(live: Live, said: bytes) -> None:
    with live.connect() as slow:
        slow.sendall(said)
        live.until_heard(1)
        live.pass_time(11)
        assert rest(slow).startswith(b"HTTP/1.1 408 ")
    live.until_count(0)


def test_each_further_head_has_its_time_from_its_first_byte(live: Live) -> None:
    with live.connect() as slow:
        slow.sendall(GET)
        answer(slow)
        slow.sendall(b"GET /")
        live.until_heard(1)
        live.pass_time(9)
        live.pass_time(11)
        assert rest(slow).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_is_closed_and_not_rid_of_its_last_bytes_is_cut(live: Live) -> None:
    with live.connect() as lazy:
        live.until_count(1)
        stuck = Stuck()

        def check() -> None:
            one = live.server.connections[0]
            one.transport, real = stuck, one.transport  # type: ignore[assignment]
            for seconds in (0, 29, 31):
                one.check(live.loop.time() + seconds)
                stuck.seen.append(stuck.is_aborted)
            one.transport = real

        live.run(check)
        assert stuck.seen == [False, False, True]
        lazy.sendall(LAST)


@dataclass
class Stuck:
    """A transport whose other side takes nothing."""

    seen: list[bool] = field(default_factory=list)
    is_aborted: bool = False

    def is_closing(self) -> bool:
        return True

    def abort(self) -> None:
        self.is_aborted = True


def test_empty_lines_keep_no_connection(live: Live) -> None:
    with live.connect() as idle:
        idle.sendall(GET)
        answer(idle)
        idle.sendall(b"\r\n" * 5)
        live.pass_time(76)
        assert rest(idle) == b""


def test_an_idle_connection_stays_for_the_next_request_and_not_for_ever(live: Live) -> None:
    with live.connect() as idle:
        for _ in range(2):
            idle.sendall(GET)
            assert answer(idle).endswith(b"0")
            live.pass_time(74)
        live.pass_time(76)
        assert rest(idle) == b""


def test_the_rest_of_a_body_that_was_answered_has_its_time(live: Live) -> None:
    with live.connect() as sender:
        sender.sendall(b"POST /at-once HTTP/1.1\r\ncontent-length: 100\r\n\r\nabc")
        assert answer(sender).endswith(b"0")
        live.pass_time(9)
        sender.sendall(b"d")
        live.pass_time(11)
        assert rest(sender) == b""


def test_an_answer_that_nobody_takes_is_cut() -> None:
    before = counted("max_answer_seconds")
    with serving(Echo(answer_bytes=32 * 1024 * 1024)) as live, live.connect() as lazy:
        lazy.sendall(GET)
        live.until_heard(1)
        live.pass_time(30 + 600)
        live.until_count(0)
    assert counted("max_answer_seconds") == before + 1


def test_an_answer_that_is_taken_slowly_is_not_cut() -> None:
    with serving(Echo(answer_bytes=8 * 1024 * 1024)) as live, live.connect() as slow:
        slow.sendall(LAST)
        live.until_heard(1)
        live.pass_time(60)
        assert len(rest(slow)) > 8 * 1024 * 1024


def test_a_head_that_we_do_not_read_yet_is_not_too_slow(live: Live) -> None:
    with live.connect() as eager:
        live.app.seen.clear()
        eager.sendall(b"GET /slow HTTP/1.1\r\n\r\n")
        wait_until(lambda: "/slow" in live.app.seen, "the first is being answered", 10)
        eager.sendall(GET + LAST[:10])
        wait_until(lambda: live.run(lambda: len(live.server.connections[0].pipeline)) == 1, "the second waits", 10)
        live.pass_time(11)
        live.run(live.app.gate.set)
        eager.sendall(LAST[10:])
        assert rest(eager).count(b"200 OK") == 3


def test_whoever_stays_after_a_refusal_is_let_go(live: Live) -> None:
    with live.connect() as stubborn:
        stubborn.sendall(head(b"/" + b"a" * 8192))
        assert rest(stubborn).startswith(b"HTTP/1.1 414 ")
        live.until_count(0)


def test_whoever_talks_on_after_a_refusal_is_let_go_the_sooner(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.limited_protocol.LINGER_SECONDS", 1000)
    with live.connect() as stubborn:
        stubborn.sendall(head(b"/" + b"a" * 8192))
        tell(stubborn, b"a" * 3 * 1024 * 1024)
        live.until_count(0)


def test_a_good_sender_is_answered_while_others_say_nothing_or_too_much(live: Live) -> None:
    silent = [live.connect() for _ in range(50)]
    for one in silent[:25]:
        one.sendall(b"GET / HTTP/1.1\r\na: ")
    assert [live.status(LAST) for _ in range(10)] == [200] * 10
    for one in silent:
        one.close()
    live.until_count(0)
