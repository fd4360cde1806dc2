"""One HTTP exchange with what is not as Slack should be: what is sent where, how much is read, and for how long."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from schemas.errors import SettingsError
from schemas.limits import MEBIBYTE, Limits
from schemas.over_limit import OVER
from sinks.slack.errors import NotUnderstood, Unreached, Unsure
from sinks.slack.exchange import Exchange

TOKEN = "xoxb-1"
ONE_SECOND = Limits(slack_call_seconds=1)
Handle = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """On a free port of loopback; keeps the token of each request."""

    daemon_threads = True

    def __init__(self, handle: Handle) -> None:
        self.tokens: list[str | None] = []
        self.ended = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                server.tokens.append(self.headers["Authorization"])
                self.rfile.read(int(self.headers["Content-Length"]))
                handle(self)

            def log_message(self, *_: object) -> None:
                pass

        server = self
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/"

    def handle_error(self, *_: object) -> None:
        """The other side has gone, as it should."""


@contextmanager
def serving(handle: Handle) -> Iterator[Server]:
    server = Server(handle)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def answering(body: bytes, status: int = 200, **headers: str) -> Handle:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return handle


def dripping(first: bytes) -> Handle:
    """Send something, and then a byte at a time for as long as anybody listens."""

    def handle(request: BaseHTTPRequestHandler) -> None:
        assert isinstance(request.server, Server)
        request.wfile.write(first)
        while not request.server.ended.wait(0.05):
            request.wfile.write(b"x")
            request.wfile.flush()

    return handle


def over(limit: str) -> float:
    return OVER.labels(limit)._value.get()


def test_token_goes_to_slack_and_the_answer_comes_back_whole() -> None:
    with serving(answering(b'{"ok": true}')) as server:
        answer = Exchange(server.url, TOKEN, Limits()).post("chat.postMessage", {"text": "é"})
    assert (answer.status, answer.body, server.tokens) == (200, b'{"ok": true}', ["Bearer xoxb-1"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_an_answer_and_the_token_goes_nowhere_else(status: int) -> None:
    with serving(answering(b'{"ok": true}')) as other, serving(answering(b"", status, Location=other.url)) as server:
        answer = Exchange(server.url, TOKEN, Limits()).post("chat.postMessage", {})
    assert (answer.status, len(server.tokens), other.tokens) == (status, 1, [])


@pytest.mark.parametrize("location", ["http:x", "//xn--", "", "http://[", "\\"])
def test_redirect_to_what_is_no_address_is_an_answer_too(location: str) -> None:
    with serving(answering(b"", 301, Location=location)) as server:
        try:
            status = Exchange(server.url, TOKEN, Limits()).post("chat.postMessage", {}).status
        except Unsure:
            status = 301
    assert (status, len(server.tokens)) == (301, 1)


def test_answer_of_as_many_bytes_as_are_allowed_is_read() -> None:
    with serving(answering(b" " * MEBIBYTE)) as server:
        assert len(Exchange(server.url, TOKEN, Limits()).post("chat.update", {}).body) == MEBIBYTE


def test_no_more_of_an_answer_is_read_than_is_allowed() -> None:
    before = over("slack_answer_bytes")
    with serving(answering(b" " * (MEBIBYTE + 1))) as server, pytest.raises(NotUnderstood, match="TOCSIN_SLACK_ANSWER_BYTES"):
        Exchange(server.url, TOKEN, Limits()).post("chat.update", {})
    assert over("slack_answer_bytes") == before + 1


def test_answer_that_is_left_unread_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    with serving(answering(b" " * 200_000)) as server, pytest.raises(NotUnderstood):
        Exchange(server.url, TOKEN, Limits(slack_answer_bytes=1000)).post("chat.update", {})
    gc.collect()
    assert [one.getMessage() for one in caplog.records if one.name == "asyncio"] == []


def test_answer_that_names_no_length_is_not_read_for_ever() -> None:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + b" " * 2000)

    with serving(handle) as server, pytest.raises(NotUnderstood):
        Exchange(server.url, TOKEN, Limits(slack_answer_bytes=1000)).post("chat.update", {})


@pytest.mark.parametrize(
    "first",
    [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"],
    ids=["silent-and-then-no-http", "head", "body"],
)
def test_answer_that_drips_ends_when_the_call_s_time_is_over(first: bytes) -> None:
    begun = time.monotonic()
    before = over("slack_call_seconds")
    with serving(dripping(first)) as server, pytest.raises(Unsure):
        Exchange(server.url, TOKEN, ONE_SECOND).post("chat.postMessage", {})
    assert time.monotonic() - begun < 3
    if first:
        assert over("slack_call_seconds") == before + 1


def test_server_that_accepts_and_says_nothing_ends_when_the_call_s_time_is_over() -> None:
    def handle(request: BaseHTTPRequestHandler) -> None:
        assert isinstance(request.server, Server)
        request.server.ended.wait(10)

    with serving(handle) as server, pytest.raises(Unsure, match="within 1 s"):
        Exchange(server.url, TOKEN, ONE_SECOND).post("chat.postMessage", {})


def test_nobody_at_the_address_means_that_nothing_was_done() -> None:
    with serving(answering(b"")) as server:
        url = server.url
    with pytest.raises(Unreached):
        Exchange(url, TOKEN, Limits()).post("chat.postMessage", {})


def test_answer_that_ends_early_leaves_it_open_whether_it_was_done() -> None:
    with serving(answering(b"{", **{"Content-Length": "100"})) as server, pytest.raises(Unsure):
        Exchange(server.url, TOKEN, Limits()).post("chat.postMessage", {})


def test_packed_answer_is_not_unpacked() -> None:
    with serving(answering(b"packed", **{"Content-Encoding": "gzip"})) as server:
        assert Exchange(server.url, TOKEN, Limits()).post("chat.postMessage", {}).body == b"packed"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "slack.com/api",
        "ftp://slack.com/api/",
        "http://a:b@slack.com/api/",
        "http://slack.com:x/",
        "https://slack.com/api/?a=b",
    ],
)
def test_address_that_is_none_is_the_operator_s_error(url: str) -> None:
    with pytest.raises(SettingsError, match="TOCSIN_SLACK_API_URL"):
        Exchange(url, TOKEN, Limits())


@pytest.mark.parametrize("token", ["xoxb-1\n", "xoxb 1", "xoxb-é"])
def test_token_that_is_none_is_the_operator_s_error_and_is_not_shown(token: str) -> None:
    with pytest.raises(SettingsError, match="TOCSIN_SLACK_TOKEN") as raised:
        Exchange("https://slack.com/api/", token, Limits())
    assert "xoxb" not in str(raised.value)
