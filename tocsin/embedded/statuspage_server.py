"""Serves the published status page from its directory, for one machine; elsewhere any web server does that.

Files only, as published: DIR/current if there is such a thing (it is swapped in whole), else DIR. Not here: making the page
(`sinks/statuspage`).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from pathlib import Path

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from producers.listener import open_listener
from producers.serve import Server, build_server
from schemas.first_use import use_each_type_once
from schemas.settings import Settings

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".ics": "text/calendar; charset=utf-8",
}
FRESH_SECONDS = 10
"""How old a copy between us and the reader may be: an outage must show soon, and a crowd must not come to us each second."""
NOT_YET = "Nothing has been published yet. The page appears here with the first publication.\n"
SECURITY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def build_app(directory: Path) -> Starlette:
    """Make the web application over one directory, which need not exist yet."""

    async def healthy(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def page(request: Request) -> Response:
        return respond(directory, request.path_params["path"])

    return Starlette(
        routes=[
            Route("/-/healthy", healthy),
            Route("/-/ready", healthy),
            Route("/{path:path}", page, methods=["GET", "HEAD", "OPTIONS"]),
        ]
    )


def respond(directory: Path, path: str) -> Response:
    """Answer one path: a file, the index of a directory, or 404; never anything outside the directory."""
    root = (directory / "current" if (directory / "current").exists() else directory).resolve()
    if not root.is_relative_to(directory.resolve()):
        root = directory.resolve() / "nowhere"  # somebody has planted a link to another place
    headers = dict(SECURITY)
    if path.startswith("api/"):
        headers |= {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS"}
    file = _find(root, path)
    if file is None:
        text = "Not found.\n" if (root / "index.html").exists() else NOT_YET
        return PlainTextResponse(text, 404, headers | {"Cache-Control": "no-store"})
    headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    return FileResponse(file, media_type=TYPES.get(file.suffix, "application/octet-stream"), headers=headers)


def _find(root: Path, path: str) -> Path | None:
    try:
        wanted = (root / path).resolve()
        if not wanted.is_relative_to(root):
            return None
        candidates = (wanted / "index.html", wanted, wanted.with_name(wanted.name + ".html"))
        files = (candidate.resolve() for candidate in candidates if candidate.is_file())
        return next((file for file in files if file.is_relative_to(root)), None)
    except (OSError, ValueError):  # a name too long, a zero byte
        return None


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; raises `SettingsError` when the listener cannot be opened, as for each other."""
    use_each_type_once()
    directory = Path(settings.statuspage_dir or settings.data / "statuspage")
    with contextlib.closing(open_listener(settings, settings.statuspage_listen)) as listener:
        uvloop.run(_serve(build_server(settings, build_app(directory)), listener))


async def _serve(server: Server, listener: socket.socket) -> None:
    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await server.serve([listener])
