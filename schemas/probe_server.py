"""The small HTTP server of a metrics port: a thread for each connection, few of them, none for long.

A whole connection has its time, so that neither silence nor single bytes keep it; beyond the cap the oldest makes room, so
that a probe is answered whoever else is there. Not here: what is served (`telemetry.py`).
"""

from __future__ import annotations

import socket
from contextlib import suppress
from http.client import LineTooLong
from io import BufferedIOBase
from socketserver import ThreadingMixIn
from threading import Lock
from time import monotonic, sleep
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from schemas.limits import Limits
from schemas.over_limit import count_over

REST_SECONDS = 1.0


class ProbeServer(ThreadingMixIn, WSGIServer):
    """Give `Limits` and the address; then `set_app` and `serve_forever`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], limits: Limits) -> None:
        self.limits = limits
        self._open: dict[Any, float] = {}
        """Each connection with when it was accepted, oldest first."""
        self._lock = Lock()
        super().__init__(address, Handler)

    def get_request(self) -> tuple[Any, Any]:
        try:
            return super().get_request()
        except OSError:  # no file is left: `serve_forever` would ask again at once, and again
            sleep(REST_SECONDS)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            if len(self._open) >= self.limits.max_metrics_connections:
                count_over("max_metrics_connections")
                self._cut(next(iter(self._open)))
            self._open[request] = monotonic()
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Cut what has had its time; called by `serve_forever` at each poll."""
        until = monotonic() - self.limits.max_head_seconds
        with self._lock:
            for request in [request for request, since in self._open.items() if since <= until]:
                count_over("max_head_seconds")
                self._cut(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: somebody hung up, or was cut."""

    def _cut(self, request: Any) -> None:
        """End its thread's reading or writing; the thread then closes it."""
        self._open.pop(request, None)
        with suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)


class Handler(WSGIRequestHandler):
    """Keeps the limits of a head; a line of 64 KiB and 100 headers are Python's own."""

    server: ProbeServer

    def setup(self) -> None:
        super().setup()
        self.rfile: Any = _Head(self.rfile, self.server.limits)

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        if len(self.path) > self.server.limits.max_target_bytes:
            count_over("max_target_bytes")
            self.send_error(414)
            return False
        if len(self.headers) > self.server.limits.max_headers:
            count_over("max_headers")
            self.send_error(431)
            return False
        return True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a scrape each few seconds is no news."""


class _Head:
    """Reads lines, so many bytes of them in all."""

    def __init__(self, file: BufferedIOBase, limits: Limits) -> None:
        self._file = file
        self._left = limits.max_target_bytes + limits.max_header_bytes

    def readline(self, most: int = -1) -> bytes:
        line = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            count_over("max_header_bytes")
            raise LineTooLong("header line")
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
