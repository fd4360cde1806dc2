"""A server as the doors have it, on a free port in a thread of the test, and a client that says single bytes to it.

Time is passed by telling the server's connections that it has. Not here: any test.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvloop

from producers.listener import bound_address, open_listener
from producers.serve import Server, build_server
from schemas.over_limit import OVER
from schemas.settings import Address, Settings
from tests.servers import wait_until

LOOPBACK = Address("127.0.0.1", 0)
GET = b"GET / HTTP/1.1\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n"
PATIENCE_SECONDS = 10


@dataclass
class Echo:
    """Answers with the length of what it was sent, or with so many bytes; keeps what it saw."""

    answer_bytes: int | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """What `/slow` waits for."""
    seen: list[str] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        size, is_more = 0, scope["path"] != "/at-once"
        while is_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.seen.append("gone")
                return
            size, is_more = size + len(message["body"]), message["more_body"]
        self.seen.append(scope["path"])
        if scope["path"] == "/slow":
            await self.gate.wait()
        self.headers = scope["headers"]
        body = b"x" * self.answer_bytes if self.answer_bytes is not None else str(size).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})


@dataclass
class Live:
    port: int
    server: Server
    loop: asyncio.AbstractEventLoop
    app: Any
    statuses: list[int]
    """Of the answers that the application did not give."""

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS, source_address=(source, 0))

    def say(self, *said: bytes) -> bytes:
        """Say it, and give all that is answered until the server closes."""
        with self.connect() as connection:
            for part in said:
                tell(connection, part)
            return rest(connection)

    def status(self, *said: bytes) -> int:
        return int(self.say(*said).split(b" ", 2)[1])

    def run(self, act: Callable[[], Any]) -> Any:
        """Act within the server's loop."""

        async def wrapped() -> Any:
            return act()

        return asyncio.run_coroutine_threadsafe(wrapped(), self.loop).result(PATIENCE_SECONDS)

    def pass_time(self, seconds: float) -> None:
        """Tell each connection that so much time has passed."""
        self.run(lambda: [one.check(self.loop.time() + seconds) for one in self.server.connections])

    def until_count(self, count: int) -> None:
        wait_until(lambda: self.server.places.count == count, f"there are {count} connections", PATIENCE_SECONDS)

    def until_heard(self, count: int) -> None:
        """Wait until so many connections have begun a request."""
        wait_until(lambda: self._heard() == count, f"{count} connections have said something", PATIENCE_SECONDS)

    def _heard(self) -> int:
        return int(self.run(lambda: sum(one.waiting_since is None for one in self.server.connections)))


def tell(connection: socket.socket, said: bytes) -> None:
    try:
        connection.sendall(said)
    except OSError:
        pass  # refused before it was all said


def rest(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    heard = b""
    try:
        while part := connection.recv(65536):
            heard += part
    except ConnectionError:
        pass
    return heard


def answer(connection: socket.socket) -> bytes:
    """Read the answer to one request of an `Echo`: its head and its short body."""
    heard = b""
    while b"\r\n\r\n" not in heard or heard.endswith(b"\r\n\r\n"):
        part = connection.recv(1)
        assert part, heard
        heard += part
    return heard


def counted(limit: str) -> float:
    """How often a limit was gone beyond so far."""
    return float(OVER.labels(limit)._value.get())


@contextmanager
def serving(app: Any = None, **settings: Any) -> Iterator[Live]:
    """Serve an application; stops at the end."""
    app = app or Echo()
    made = Settings(**settings)
    statuses: list[int] = []
    loop = uvloop.new_event_loop()
    with closing(open_listener(made, LOOPBACK)) as listener:
        server = build_server(made, app, statuses.append)
        port = bound_address(listener).port
        thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve([listener])), daemon=True)
        thread.start()
        wait_until(lambda: server.started, "the server has started", PATIENCE_SECONDS)
        try:
            yield Live(port, server, loop, app, statuses)
        finally:
            server.should_exit = True
            thread.join(PATIENCE_SECONDS)
            loop.close()
