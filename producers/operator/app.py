"""The operator's ASGI application: authentication before everything under `/api/v1`, problems after everything.

Not here: what is answered (`api.py`, `silences.py`, `commands/`), listening (`process.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from producers.operator.api import Api
from producers.operator.commands.give import Giver
from producers.operator.commands.handlers import Commands
from producers.operator.commands.pending import Pending
from producers.operator.database import Reader
from producers.operator.documentation import DescribedApi
from producers.operator.problems import Malformed, NotFound, NotNow, Problem, Starting, Unauthorized, render_problem
from producers.operator.reading import ReadModel
from producers.operator.silences import Silences
from producers.operator.viewers import Directory
from schemas.errors import Unavailable
from schemas.limits import Limits
from schemas.telemetry import render_state

log = structlog.get_logger()
PROTECTED = "/api/v1/"


class Authentication:
    """Lets nobody without a token past, and nobody at all before people are known; puts the viewer into the request's state."""

    def __init__(self, app: ASGIApp, directory: Callable[[], Directory], is_accepting: Callable[[], bool]) -> None:
        self._app = app
        self._directory = directory
        self._is_accepting = is_accepting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PROTECTED):
            if not self._is_accepting():
                await Starting().response()(scope, receive, send)
                return
            viewer = self._directory().identify(Request(scope).headers.get("authorization"))
            if viewer is None:
                await Unauthorized().response()(scope, receive, send)
                return
            scope.setdefault("state", {})["viewer"] = viewer
        await self._app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is wired of; `directory` is asked at each request, so that a new configuration counts at once."""

    database: Reader
    directory: Callable[[], Directory]
    is_accepting: Callable[[], bool]
    is_ready: Callable[[], Awaitable[bool]]
    giver: Giver
    now_millis: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    limits: Limits = field(default_factory=Limits)
    trouble: Callable[[], str] = lambda: ""
    """What is wrong although the door may be ready, in words."""


def build_app(parts: Parts) -> FastAPI:
    """Wire the application."""
    app = DescribedApi(
        title="tocsin",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    model = ReadModel(parts.database, parts.directory, parts.limits)
    silences = Silences(model, parts.now_millis)
    app.include_router(Api(model).router())
    app.include_router(silences.router())
    pending = Pending(parts.now_millis, parts.random_bytes)
    app.include_router(Commands(model, silences, parts.giver, pending).router())
    app.add_api_route("/-/healthy", _healthy, include_in_schema=False)
    app.add_api_route("/-/ready", _ready(parts.is_ready, parts.trouble), include_in_schema=False)
    app.add_middleware(Authentication, directory=parts.directory, is_accepting=parts.is_accepting)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _fault)
    return app


async def _healthy() -> Response:
    return PlainTextResponse("ok\n")


def _ready(is_ready: Callable[[], Awaitable[bool]], trouble: Callable[[], str]) -> Callable[[], Awaitable[Response]]:
    async def ready() -> Response:
        good = await is_ready()
        return PlainTextResponse(render_state(good, trouble()), 200 if good else 503)

    return ready


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == NotFound.status:
        return NotFound().response()
    headers = dict(error.headers or {})
    detail = f"This path takes {headers['Allow']}." if "Allow" in headers else error.detail
    return render_problem(error.status_code, HTTPStatus(error.status_code).phrase, detail, headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    said = "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
    return Malformed(said).response()


async def _unavailable(request: Request, error: Exception) -> Response:
    log.warning("database_unavailable", reason=str(error), path=request.url.path)
    return NotNow().response()


async def _gone(request: Request, error: Exception) -> Response:
    # Nobody is there to read it; without it each would be a traceback in the log.
    return Response(status_code=400)


async def _fault(request: Request, error: Exception) -> Response:
    # Starlette raises it on after this answer, and the server logs it with its traceback.
    return render_problem(500, "Our fault", "The request met a fault in tocsin; it is in the log.")
