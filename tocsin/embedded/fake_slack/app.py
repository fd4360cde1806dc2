"""The fake Slack over HTTP: its Web API under `/api/`, and under `/_…` what tests and the demo ask and tell it.

`GET /_calls` and `GET /_messages` show what came; `POST /_control` takes a fault or a list of them (`Fault`'s fields),
`DELETE /_control` ends them all. Not here: what a method does (`workspace.py`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tocsin.embedded.fake_slack.checks import Unacceptable
from tocsin.embedded.fake_slack.workspace import Answer, Fault, TooFast, Workspace


class Silence(Response):
    """No answer: the server closes the connection, since a response was begun and never finished."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1000000"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def build_app(workspace: Workspace) -> Starlette:
    """Make the web application over a workspace."""

    async def api(request: Request) -> Response:
        return respond(workspace, request.path_params["method"], await _arguments(request), request.headers.get("authorization"))

    async def calls(request: Request) -> Response:
        return JSONResponse(workspace.calls)

    async def messages(request: Request) -> Response:
        return JSONResponse(list(workspace.messages.values()))

    async def control(request: Request) -> Response:
        if request.method == "DELETE":
            workspace.faults.clear()
        else:
            given = await request.json()
            workspace.faults += [Fault(**one) for one in (given if isinstance(given, list) else [given])]
        return JSONResponse({"faults": len(workspace.faults)})

    async def healthy(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/api/{method}", api, methods=["GET", "POST"]),
            Route("/_calls", calls),
            Route("/_messages", messages),
            Route("/_control", control, methods=["POST", "DELETE"]),
            Route("/-/healthy", healthy),
        ]
    )


def respond(workspace: Workspace, method: str, arguments: dict[str, Any], authorization: str | None) -> Response:
    """Answer one call as Slack would, or as a fault says; every call is kept."""
    call: Answer = {"method": method, "at": workspace.now(), "arguments": arguments, "result": "ok"}
    workspace.calls.append(call)
    fault = workspace.fault(method, str(arguments.get("channel", "")))
    if fault is not None and not fault.has_effect:
        call["result"] = "fault"
        return _fail(fault)
    try:
        if workspace.token and authorization != f"Bearer {workspace.token}":
            raise Unacceptable("invalid_auth" if authorization else "not_authed", "the token is not the workspace's")
        answer = workspace.call(method, arguments)
    except Unacceptable as error:
        call["result"] = str(error)
        return JSONResponse({"ok": False, "error": error.error, "detail": error.detail})
    except TooFast as error:
        call["result"] = "ratelimited"
        return _too_fast(error.seconds)
    if fault is not None:
        call["result"] = "fault after effect"
        return _fail(fault, answer)
    return JSONResponse(answer)


def _fail(fault: Fault, answer: Answer | None = None) -> Response:
    if fault.is_silent:
        return Silence()
    if fault.retry_after:
        return _too_fast(fault.retry_after)
    if fault.location:
        return RedirectResponse(fault.location, 301)
    if fault.body or fault.spaces:
        return PlainTextResponse(fault.body + " " * fault.spaces, fault.status or 200)
    if fault.without:
        return JSONResponse({key: value for key, value in (answer or {}).items() if key != fault.without})
    if fault.drip_seconds:
        return StreamingResponse(_drip(json.dumps(answer).encode(), fault.drip_seconds))
    if fault.status:
        return PlainTextResponse("the fake was told to fail", fault.status)
    return JSONResponse({"ok": False, "error": fault.error})


async def _drip(text: bytes, seconds: float) -> AsyncIterator[bytes]:
    """Send a byte at a time; it ends when the other side goes."""
    for byte in text:
        yield bytes([byte])
        await asyncio.sleep(seconds)


def _too_fast(seconds: int | str) -> Response:
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)})


async def _arguments(request: Request) -> dict[str, Any]:
    """Read the query and a JSON or form body, as Slack does."""
    arguments: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if body and "json" in request.headers.get("content-type", ""):
        return {**arguments, **json.loads(body)}
    return arguments | dict(parse_qsl(body.decode()))
