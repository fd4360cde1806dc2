"""What is sent back, and how. Not here: which answer it is (`app.py`), refusals (`refused.py`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from producers.webhook.formats.parsed import Parsed
from producers.webhook.refused import Refused

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = "list[tuple[bytes, bytes]]"
JSON, PROBLEM, TEXT = b"application/json", b"application/problem+json", b"text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


def accepted(status: int, receipt: str, parsed: Parsed) -> Answer:
    """Say that Kafka has what could be accepted, and what could not."""
    return Answer(status, msgspec.json.encode({"receipt": receipt, "accepted": len(parsed.events), "rejected": parsed.refusals}))


def problem(refused: Refused) -> Answer:
    """Say why nothing was accepted."""
    return Answer(refused.status, refused.render(), PROBLEM, tuple(refused.headers()))


def state(is_good: bool) -> Answer:
    """Answer a probe."""
    return Answer(200, b"ok\n", TEXT) if is_good else Answer(503, b"not ready\n", TEXT)


async def send_answer(send: Send, answer: Answer) -> None:
    length = str(len(answer.body)).encode()
    headers = [(b"content-type", answer.content_type), (b"content-length", length), *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
