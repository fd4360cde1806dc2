"""Accepting connections within the caps, before any of their bytes is read. Not here: the counting (`places.py`).

The event loop's own servers give no address before a TLS handshake is over, and no bound on handshakes at once; and when
no file is left, uvloop loses whoever waits, without a word (STACK.md). So the sockets are accepted here, and then handed to
the loop.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress

import structlog

from producers.limited_protocol import LimitedProtocol
from producers.networks import network_of
from producers.places import Full, Place, Places
from producers.raw_answer import RawAnswer
from schemas.over_limit import count_over

log = structlog.get_logger()
ACCEPTS_AT_ONCE = 64
"""Then others have their turn."""
REST_SECONDS = 1.0
"""After an error of accept, most of all when no file is left: what would help takes its time."""
TELL_SECONDS = 60.0
"""Between two log lines about it."""
GRACE_SECONDS = 1.0
"""In which a connection is not closed for another's sake, so that it can say what it wants."""
ACCEPT_READ_BYTES = 64 * 1024


class Acceptor:
    """One listener; has what uvicorn asks of a server of asyncio: `close` and `wait_closed`."""

    def __init__(
        self,
        listener: socket.socket,
        places: Places,
        build: Callable[[Place], LimitedProtocol],
        connections: Callable[[], Iterable[LimitedProtocol]],
        count_answer: Callable[[int], None],
        tls: ssl.SSLContext | None = None,
        handshake_seconds: float | None = None,
    ) -> None:
        self._listener = listener
        self._places = places
        self._build = build
        self._connections = connections
        self._count_answer = count_answer
        self._tls = tls
        self._handshake_seconds = handshake_seconds if tls else None
        self._loop = asyncio.get_running_loop()
        self._handing: set[asyncio.Task[None]] = set()
        self._rest: asyncio.TimerHandle | None = None
        self._told_at = -TELL_SECONDS
        self._listen()

    def close(self) -> None:
        """Accept nobody any more."""
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._listener.fileno())

    async def wait_closed(self) -> None:
        """Nothing is left to wait for: the connections are the protocols' affair."""

    def _listen(self) -> None:
        self._rest = None
        self._loop.add_reader(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTS_AT_ONCE):
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            connection.setblocking(False)
            self._admit(connection, network_of(address[0]))

    def _pause(self, error: OSError) -> None:
        """Leave the others where they are, in the backlog, for a moment."""
        now = self._loop.time()
        if now - self._told_at >= TELL_SECONDS:
            log.error("accept_failed", reason=error.strerror, help="Raise the limit of open files (ulimit -n, LimitNOFILE).")
            self._told_at = now
        count_over("max_connections")
        self._loop.remove_reader(self._listener.fileno())
        self._rest = self._loop.call_later(REST_SECONDS, self._listen)

    def _admit(self, connection: socket.socket, network: str) -> None:
        full = self._places.full(network)
        if full is not None:
            if full.network is None:
                count_over("max_connections")
            else:
                count_over("max_connections_per_address")
            if not self._close_one_that_waits(full.network):
                self._turn_away(connection, full)
                return
        task = self._loop.create_task(self._hand_over(connection, self._places.take(network)))
        self._handing.add(task)
        task.add_done_callback(self._handing.discard)

    async def _hand_over(self, connection: socket.socket, place: Place) -> None:
        is_here = False
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(
                lambda: self._build(place), connection, ssl=self._tls, ssl_handshake_timeout=self._handshake_seconds
            )
            is_here = True
        except OSError:
            pass  # the handshake failed (ssl.SSLError is one) or took too long, or the other side is gone
        finally:
            if not is_here:
                place.free()
                connection.close()

    def _close_one_that_waits(self, network: str | None) -> bool:
        """Close the connection that has waited longest between two requests, or for its first; False when none does."""
        until = self._loop.time() - GRACE_SECONDS
        waiting = [
            (since, id(one), one)
            for one in self._connections()
            if network in (None, one.network) and (since := one.waiting_since) is not None and since <= until
        ]
        if not waiting:
            return False
        min(waiting)[2].transport.close()
        return True

    def _turn_away(self, connection: socket.socket, full: Full) -> None:
        """Say so in one packet, without waiting for anything; through TLS there is no way to say it."""
        whose = "in all" if full.network is None else "for each address"
        detail = f"This listener has its {full.most} connections {whose}, and none of them rests. Try again a little later."
        with connection, suppress(OSError):
            if self._tls is None:
                connection.send(RawAnswer(503, "Too many connections", detail).render())
                self._count_answer(503)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(ACCEPT_READ_BYTES)  # what is left unread would throw the answer away
