"""A command's body has its time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from starlette.requests import Request

from producers.operator.commands.requests import Kind, read_request
from producers.operator.problems import TooSlow
from schemas.limits import Limits
from tests.unit.producers.live import counted
from tests.unit.producers.operator.client import ALERTS, SILENCES, Client, build

COMMENT = Kind("incident", "comment")
LIMITS = replace(Limits(), max_body_seconds=0.05)  # type: ignore[arg-type]


def request_of(*pieces: bytes) -> Request:
    """A request whose sender then says nothing more, and does not hang up either."""
    left = list(pieces)

    async def receive() -> Any:
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": not pieces[-1].endswith(b"}")}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def read(request: Request) -> Any:
    return asyncio.run(read_request(request, COMMENT, "ada", lambda: "id", LIMITS))


def test_a_body_that_does_not_come_is_refused_in_time() -> None:
    before = counted("max_body_seconds")
    with pytest.raises(TooSlow, match="nothing was done") as refused:
        read(request_of(b'{"text": '))
    response = refused.value.response()
    assert (response.status_code, response.headers["connection"]) == (408, "close")
    assert counted("max_body_seconds") == before + 1


def test_a_body_that_comes_is_read() -> None:
    assert read(request_of(b'{"text": "so"}')).arguments.text == "so"


def test_a_sender_that_leaves_amid_its_body_is_no_fault_of_ours() -> None:
    client = Client()
    assert client.get(ALERTS).status_code == 200  # this client is now the one that the application asks

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message.get("status"))

    sent: list[Any] = []
    headers = [(b"authorization", b"Bearer ada")]
    scope = {"type": "http", "method": "POST", "path": f"{SILENCES}/preview", "headers": headers, "query_string": b""}
    asyncio.run(build()(scope, receive, send))
    assert sent[0] == 400
