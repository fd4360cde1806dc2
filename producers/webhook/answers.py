"""What is sent back, and how. Not here: which answer it is (`app.py`), refusals (`refused.py`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from producers.webhook.formats.parsed import Taken
from producers.webhook.refused import Refused
from schemas.telemetry import render_state

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = "list[tuple[bytes, bytes]]"
JSON, PROBLEM, TEXT = b"application/json", b"application/problem+json", b"text/plain; charset=utf-8"


MAX_REASONS = 5
"""In the sentence for people; the list has all."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


def accepted(status: int, receipt: str, taken: Taken) -> Answer:
    """Say that Kafka has what could be accepted, and what could not."""
    body = {"receipt": receipt, "accepted": taken.accepted, "rejected": taken.refusals} | _in_all(taken)
    return Answer(status, msgspec.json.encode(body))


def _in_all(taken: Taken) -> dict[str, int]:
    """Say how many were refused where the list has not all of them."""
    return {"rejected_in_all": taken.refused} if taken.more else {}


def partly_accepted(receipt: str, taken: Taken) -> Answer:
    """Say as Alertmanager does that some were refused, with 400 although Kafka has the others; sending again helps nobody."""
    reasons = "; ".join(f"alert {refusal.index}: {refusal.reason}" for refusal in taken.refusals[:MAX_REASONS])
    body = {
        "type": "about:blank",
        "title": "Some alerts were refused",
        "status": 400,
        "detail": f"{taken.refused} of {taken.total} alerts were refused ({reasons}); the others are accepted.",
        "receipt": receipt,
        "accepted": taken.accepted,
        "rejected": taken.refusals,
    } | _in_all(taken)
    return Answer(400, msgspec.json.encode(body), PROBLEM)


def problem(refused: Refused) -> Answer:
    """Say why nothing was accepted."""
    return Answer(refused.status, refused.render(), PROBLEM, tuple(refused.headers()))


def state(is_good: bool, trouble: str = "") -> Answer:
    """Answer a probe, with what is wrong."""
    return Answer(200 if is_good else 503, render_state(is_good, trouble), TEXT)


ALERTMANAGER_STATUS = Answer(
    200,
    msgspec.json.encode(
        {
            "cluster": {"status": "disabled", "peers": []},
            "config": {"original": ""},
            "uptime": "1970-01-01T00:00:00.000Z",
            "versionInfo": dict.fromkeys(("branch", "buildDate", "buildUser", "goVersion", "revision"), "")
            | {"version": "tocsin"},
        }
    ),
)
"""`alertmanagerStatus` of Alertmanager's API v2, with all that it requires and nothing that a stranger should know."""


async def send_answer(send: Send, answer: Answer) -> None:
    length = str(len(answer.body)).encode()
    headers = [(b"content-type", answer.content_type), (b"content-length", length), *answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
