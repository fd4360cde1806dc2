"""Who is let in, and who makes room: over a real server, and the counting by itself."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from producers.places import RESERVED, Places
from tests.unit.producers.live import GET, LAST, PATIENCE_SECONDS, Live, answer, counted, rest, serving

CERTIFICATE = str(Path(__file__).with_name("loopback.pem"))
HALF = b"GET / HTTP/1.1\r\n"


def fill(live: Live, stack: contextlib.ExitStack, count: int, said: bytes = HALF, source: str = "127.0.0.1") -> None:
    """Open so many connections that have begun a request and do not end it."""
    for _ in range(count):
        stack.enter_context(live.connect(source)).sendall(said)


def test_beyond_the_cap_of_an_address_one_is_turned_away_and_another_address_is_not() -> None:
    before = counted("max_connections_per_address")
    with serving(max_connections_per_address=3) as live, contextlib.ExitStack() as stack:
        fill(live, stack, 3)
        live.until_heard(3)
        heard = live.say(LAST)
        assert heard.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 5\r\n" in heard
        assert b"3 connections for each address" in heard
        with live.connect("127.0.0.2") as other:
            other.sendall(LAST)
            assert b" 200 OK" in rest(other)
        assert live.statuses == [503]
    assert counted("max_connections_per_address") == before + 1


def test_beyond_the_cap_of_all_whoever_asks_is_turned_away() -> None:
    with serving(max_connections=1) as live, contextlib.ExitStack() as stack:
        fill(live, stack, 1 + RESERVED)
        live.until_heard(1 + RESERVED)
        assert b"1 connections in all" in live.say(LAST)


def test_a_place_is_free_again_when_its_connection_ends() -> None:
    with serving(max_connections_per_address=1) as live:
        for _ in range(3):
            assert live.status(LAST) == 200
            live.until_count(0)


def test_at_the_cap_the_connection_that_has_waited_longest_makes_room() -> None:
    with serving(max_connections_per_address=2) as live, live.connect() as silent, live.connect() as idle:
        idle.sendall(GET)
        answer(idle)
        live.run(lambda: [setattr(one, "_waiting_since", -float(one.cycle is None)) for one in live.server.connections])
        assert live.status(LAST) == 200
        assert rest(silent) == b""
        idle.sendall(LAST)
        assert b" 200 OK" in rest(idle)


def test_one_address_takes_no_place_from_another() -> None:
    with serving(max_connections_per_address=1) as live, live.connect("127.0.0.2") as idle, contextlib.ExitStack() as stack:
        live.until_count(1)
        live.run(lambda: [setattr(one, "_waiting_since", -1.0) for one in live.server.connections])
        fill(live, stack, 1)
        live.until_heard(1)
        assert live.status(LAST) == 503
        idle.sendall(LAST)
        assert b" 200 OK" in rest(idle)


def test_a_connection_that_has_just_come_makes_no_room() -> None:
    with serving(max_connections_per_address=1) as live, live.connect() as fresh:
        live.until_count(1)
        assert live.status(LAST) == 503
        fresh.sendall(LAST)
        assert b" 200 OK" in rest(fresh)


def test_the_trusted_proxy_has_no_cap_of_its_own_and_this_machine_has_places_of_its_own() -> None:
    places = Places(most=4, most_per_address=2, trusted_proxy="10.0.0.1")
    for _ in range(4):
        assert places.full("10.0.0.1") is None
        places.take("10.0.0.1")
    assert places.full("10.0.0.1") == places.full("192.0.2.1")
    assert places.full("127.0.0.1") is None


def test_a_place_is_given_back_once() -> None:
    places = Places(most=4, most_per_address=1)
    place = places.take("192.0.2.1")
    assert places.full("192.0.2.1") is not None
    place.free()
    place.free()
    assert (places.count, places.full("192.0.2.1")) == (0, None)


def test_a_handshake_that_never_begins_counts_and_ends() -> None:
    with serving(tls_cert=CERTIFICATE, tls_key=CERTIFICATE, max_head_seconds=1) as live, live.connect() as silent:
        live.until_count(1)
        assert rest(silent) == b""
        live.until_count(0)


def test_through_tls_a_connection_has_the_same_limits() -> None:
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    with serving(tls_cert=CERTIFICATE, tls_key=CERTIFICATE) as live:
        for said, status in ((LAST, b"200"), (b"GET /" + b"a" * 9000, b"414")):
            with live.connect() as plain, trust.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                connection.sendall(said)
                assert rest(connection).startswith(b"HTTP/1.1 " + status)
        live.until_count(0)


def test_a_handshake_that_fails_gives_its_place_back() -> None:
    with serving(tls_cert=CERTIFICATE, tls_key=CERTIFICATE) as live:
        assert b"HTTP/1.1" not in live.say(LAST)
        live.until_count(0)


@pytest.fixture
def few_files() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.unit.producers.few_files"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_process_without_a_file_left_waits_and_serves_on(few_files: subprocess.Popen[str]) -> None:
    told, logged = few_files.communicate(timeout=PATIENCE_SECONDS * 3)
    assert few_files.returncode == 0, logged
    assert told.split() == ["200"]
    assert logged.count("accept_failed") == 1
