"""The metrics port: a probe is answered whoever else is there, and nobody stays."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import Any

import pytest

from schemas.limits import Limits
from schemas.probe_server import ProbeServer
from tests.servers import wait_until


def app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]


@contextmanager
def probed(**limits: int) -> Iterator[ProbeServer]:
    with ProbeServer(("127.0.0.1", 0), Limits(**limits)) as server:
        server.set_app(app)
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def connect(server: ProbeServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.server_port), 10)


def status(server: ProbeServer, target: str = "/-/ready", headers: str = "") -> int:
    with connect(server) as connection:
        connection.sendall(f"GET {target} HTTP/1.0\r\n{headers}\r\n".encode())
        return int(connection.makefile("rb").readline().split()[1])


def test_a_probe_is_answered_while_twenty_connections_say_nothing() -> None:
    with probed() as server, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connect(server))
        assert status(server) == 200


def test_beyond_the_cap_the_oldest_connection_makes_room() -> None:
    with probed(max_metrics_connections=3) as server, connect(server) as oldest, ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connect(server))
        assert oldest.recv(1) == b""
        assert status(server) == 200
        assert len(server._open) <= 3


def test_silence_and_single_bytes_keep_no_connection() -> None:
    with probed(max_head_seconds=1) as server, connect(server) as silent, connect(server) as slow:
        slow.sendall(b"GET /")
        assert (silent.recv(1), slow.recv(1)) == (b"", b"")
        wait_until(lambda: not server._open, "nobody is there", 10)


def test_a_head_has_the_limits_of_the_other_listeners() -> None:
    with probed() as server:
        assert status(server, "/" + "a" * 8191) == 200
        assert status(server, "/" + "a" * 8192) == 414
        assert status(server, headers="a: b\r\n" * 99) == 200
        assert status(server, headers="a: b\r\n" * 101) == 431
        assert status(server, headers=f"a: {'b' * 40_000}\r\n" * 1) == 200
        assert status(server, headers=f"a: {'b' * 40_000}\r\n" * 2) == 431
    with probed(max_headers=5) as server:
        assert [status(server, headers="a: b\r\n" * count) for count in (5, 6)] == [200, 431]


def test_without_a_file_left_it_rests_before_it_accepts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr("schemas.probe_server.sleep", rests.append)
    with ProbeServer(("127.0.0.1", 0), Limits()) as server:
        server.socket.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            server.get_request()
    assert rests == [1.0]
