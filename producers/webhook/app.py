"""The HTTP doors as a bare ASGI application: half the cost of a framework, and there are four routes.

Not here: what a body means (`formats/`), the broker (`publish.py`), the server (`process.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
import structlog

from producers.webhook import metrics
from producers.webhook.auth import Doors, admit, token_in
from producers.webhook.cut import cut_request
from producers.webhook.door import Door
from producers.webhook.formats.parsed import Parsed
from producers.webhook.formats.recognise import parse
from producers.webhook.limits import check_size, max_body_bytes
from producers.webhook.publish import Publisher
from producers.webhook.refused import Broken, EncodedBody, NotDurable, NotFound, Refused, WrongMethod

log = structlog.get_logger()
Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = "list[tuple[bytes, bytes]]"
JSON, PROBLEM, TEXT = b"application/json", b"application/problem+json", b"text/plain; charset=utf-8"
IN_THREAD_BYTES = 128 * 1024
"""Larger bodies are parsed in a thread: about 10 ms of work, which other requests and door ticks should not wait for."""


class Gone(Exception):
    """The sender hung up before its body was here; there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


class App:
    """Answers as DESIGN section 4 says; `doors` and the two states are asked anew for each request."""

    def __init__(
        self,
        doors: Callable[[], Doors],
        publisher: Publisher,
        is_accepting: Callable[[], bool],
        is_ready: Callable[[], bool],
        new_receipt: Callable[[], str],
    ) -> None:
        self._doors = doors
        self._publisher = publisher
        self._is_accepting = is_accepting
        self._is_ready = is_ready
        self._new_receipt = new_receipt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            answer = await self._answer(scope, receive)
        except Refused as refused:
            answer = _problem(refused)
        except Gone:
            return
        except Exception:  # the process's edge: one request that meets a fault of ours must not end the others
            log.exception("request_failed", path=scope["path"])
            answer = _problem(Broken())
        metrics.REQUESTS.labels(answer.status).inc()
        await _send(send, answer)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        method, path = scope["method"], scope["path"]
        parts = path.split("/")
        if len(parts) == 4 and parts[1] == "in" and parts[2] and parts[3]:
            if method != "POST":
                raise WrongMethod("POST")
            return await self._take_alerts(parts[2], parts[3], scope["headers"], receive)
        if path in ("/-/healthy", "/-/ready"):
            if method not in ("GET", "HEAD"):
                raise WrongMethod("GET")
            is_good = path == "/-/healthy" or self._is_ready()
            return Answer(200, b"ok\n", TEXT) if is_good else Answer(503, b"not ready\n", TEXT)
        raise NotFound("Alerts are posted to /in/PROJECT/INTEGRATION.")

    async def _take_alerts(self, project: str, integration: str, headers: Headers, receive: Receive) -> Answer:
        if not self._is_accepting():
            raise NotDurable(
                "tocsin is starting or stopping, and nothing of this request was written. Send it again a little later."
            )
        door = admit(self._doors(), project, integration, token_in(headers))
        _check_encoding(headers)
        body = await read_body(headers, receive, max_body_bytes(door.format))
        parsed = await (asyncio.to_thread(parse, body, door) if len(body) > IN_THREAD_BYTES else _parse(body, door))
        receipt = self._new_receipt()
        await self._publisher.publish(cut_request(door, receipt, parsed))
        _count(door, parsed)
        return _accepted(receipt, parsed)


async def _parse(body: bytes, door: Door) -> Parsed:
    return parse(body, door)


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """Read a body whole.

    Raises `TooLarge` as soon as it is known: by its Content-Length before anything was read. The server throws away what
    still comes, so that the sender gets to see the answer.
    """
    declared = next((value for name, value in headers if name == b"content-length"), b"0")
    check_size(int(declared), limit)
    chunks: list[bytes] = []
    size = 0
    is_more = True
    while is_more:
        message = await receive()
        chunks.append(_chunk(message))
        size += len(chunks[-1])
        check_size(size, limit)
        is_more = message.get("more_body", False)
    return b"".join(chunks)


def _chunk(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise Gone
    return bytes(message.get("body", b""))


def _check_encoding(headers: Headers) -> None:
    for name, value in headers:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise EncodedBody("Send the body as it is, without Content-Encoding.")


def _count(door: Door, parsed: Parsed) -> None:
    metrics.EVENTS.labels(parsed.format).inc(len(parsed.events))
    if parsed.refusals:
        metrics.REFUSED.inc(len(parsed.refusals))
    if parsed.truncated:
        metrics.TRUNCATED.inc(parsed.truncated)
        log.warning(
            "alerts_truncated", project=door.project, integration=door.integration, count=parsed.truncated, group=parsed.group_key
        )


def _accepted(receipt: str, parsed: Parsed) -> Answer:
    return Answer(202, msgspec.json.encode({"receipt": receipt, "accepted": len(parsed.events), "rejected": parsed.refusals}))


def _problem(refused: Refused) -> Answer:
    return Answer(refused.status, refused.render(), PROBLEM, tuple(refused.headers()))


async def _send(send: Send, answer: Answer) -> None:
    length = str(len(answer.body)).encode()
    headers = [(b"content-type", answer.content_type), (b"content-length", length), *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
