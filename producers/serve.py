"""Serving HTTP on an open listener, alike for all doors. Not here: opening it (`listener.py`), what is answered."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import uvicorn

from schemas.settings import Settings

FINISH_SECONDS = 3
"""For requests that were accepted before the signal; with the rest of leaving it stays under 5 s."""


class Server(uvicorn.Server):
    """Leaves signals to the process, which stops its other parts in their order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def build_server(settings: Settings, app: Any, keep_alive_seconds: int = 5) -> Server:
    """Make a server of an ASGI app: TLS as the settings say, no access log, no name of its own."""
    return Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=keep_alive_seconds,
            timeout_graceful_shutdown=FINISH_SECONDS,
            ssl_certfile=settings.tls_cert or None,
            ssl_keyfile=settings.tls_key or None,
        )
    )
