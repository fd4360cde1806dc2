"""Serving HTTP on an open listener, alike for all doors. Not here: opening it (`listener.py`), what is answered."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

import uvicorn

from producers.accept import Acceptor
from producers.file_room import connections_within
from producers.limited_protocol import LimitedProtocol
from producers.places import Place, Places
from producers.raw_answer import Refusals
from schemas.settings import Settings

FINISH_SECONDS = 3
"""For requests that were accepted before the signal; with the rest of leaving it stays under 5 s."""
TICKS_PER_CHECK = 10
"""Of uvicorn's 0.1 s: connections are looked at once a second."""


class Server(uvicorn.Server):
    """Leaves signals to the process, which stops its other parts in their order; keeps the limits of connections."""

    def __init__(self, config: uvicorn.Config, settings: Settings, count_answer: Callable[[int], None]) -> None:
        super().__init__(config)
        self._settings = settings
        self._refusals = Refusals.of(settings)
        self._count_answer = count_answer
        most = connections_within(settings.max_connections)
        self.places = Places(most, settings.max_connections_per_address, settings.trusted_proxy)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept on listeners that are open, by our own hand in place of the event loop's."""
        await self.lifespan.startup()
        self.servers = cast("Any", [self._accept_on(listener) for listener in sockets or []])
        self.started = True

    async def on_tick(self, counter: int) -> bool:
        """Look at each connection's time too."""
        if counter % TICKS_PER_CHECK == 0:
            now = self.connections[0].loop.time() if self.connections else 0.0
            for connection in self.connections:
                connection.check(now)
        return await super().on_tick(counter)

    @property
    def connections(self) -> list[LimitedProtocol]:
        return cast("list[LimitedProtocol]", list(self.server_state.connections))

    def _accept_on(self, listener: socket.socket) -> Acceptor:
        return Acceptor(
            listener, self.places, self._build, lambda: self.connections, self._count_answer,
            tls=self.config.ssl, handshake_seconds=self._settings.max_head_seconds,
        )  # fmt: skip

    def _build(self, place: Place) -> LimitedProtocol:
        state = self.lifespan.state
        return LimitedProtocol(self.config, self.server_state, state, self._settings, self._refusals, place, self._count_answer)


def build_server(settings: Settings, app: Any, count_answer: Callable[[int], None] = lambda status: None) -> Server:
    """Make a server of an ASGI app: TLS and limits as the settings say, no access log, no name of its own.

    `count_answer` is told the status of each answer that the app did not give. Raises `SettingsError` when the limit of
    open files leaves no room for connections.
    """
    config = uvicorn.Config(
        app,
        http=LimitedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=FINISH_SECONDS,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )
    return Server(config, settings, count_answer)
