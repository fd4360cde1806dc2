"""Reads Slack's answers: what it did, or one of our errors. Whatever is not as Slack's pages say is `NotUnderstood`. Pure.

Source: Slack's method pages. HTTP 200 with `ok: false` is its normal error form; `internal_error`, `fatal_error`, a
timeout and any 5xx may have taken effect. Not here: HTTP (`exchange.py`), what is asked (`client.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec

from schemas.errors import TocsinError
from schemas.over_limit import count_over
from sinks.slack import refusals
from sinks.slack.errors import Blocked, Failed, Gone, NotUnderstood, Refused, Throttled
from sinks.slack.exchange import Answer

DEFAULT_RETRY_AFTER_SECONDS = 30.0
"""Where a 429 names no seconds that can be read."""
WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""What Slack's words for errors look like. They become a metric's label and stand in `tocsin status`: nothing else may pass."""
OK, TOO_MANY, SERVER_ERROR = 200, 429, 500
SHOWN_CHARACTERS = 60
Channel = Annotated[str, msgspec.Meta(pattern=r"\A[\w.-]{1,80}\Z")]
Ts = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,12}\.[0-9]{1,9}\Z")]
T = TypeVar("T", bound="Done")


class Done(msgspec.Struct, frozen=True):
    """It was done, and nothing else of the answer matters."""


class Sent(Done, frozen=True):
    """A message was posted. `message` is as Slack keeps it."""

    channel: Channel
    ts: Ts
    message: dict[str, Any] | None = None


class Paging(msgspec.Struct, frozen=True):
    next_cursor: str | None = None


class Page(Done, frozen=True):
    """A part of a channel or a thread; `cursor` is where the next begins, empty: there is none."""

    messages: list[dict[str, Any]]
    response_metadata: Paging | None = None

    @property
    def cursor(self) -> str:
        return (self.response_metadata.next_cursor if self.response_metadata else None) or ""


class Payload(msgspec.Struct, frozen=True):
    delivery_id: str


class Metadata(msgspec.Struct, frozen=True):
    """What we write with a message; another app's has another shape."""

    event_type: str
    event_payload: Payload


class _Verdict(msgspec.Struct, frozen=True):
    ok: bool
    error: str = ""


def read_answer(answer: Answer, kind: type[T], longest_wait_seconds: int) -> T:
    """Read what was done; raises what became of it instead."""
    if answer.status == TOO_MANY:
        raise Throttled(retry_after(answer.headers, longest_wait_seconds))
    if answer.status >= SERVER_ERROR:
        raise Failed(f"Slack answered {answer.status}")
    said = _load(answer)
    verdict = _convert(answer, said, _Verdict)
    if not verdict.ok:
        raise _judge(answer, verdict.error, longest_wait_seconds)
    if answer.status != OK:
        raise _not_understood(answer, "it says ok")
    done: T = _convert(answer, said, kind)
    return done


def delivery_id_of(message: Mapping[str, Any], event_type: str) -> str:
    """Give what we called a message when we posted it; empty: it is none of ours."""
    try:
        metadata = msgspec.convert(message.get("metadata"), Metadata)
    except msgspec.ValidationError:
        return ""
    return metadata.event_payload.delivery_id if metadata.event_type == event_type else ""


def ts_of(answer: Answer, message: Mapping[str, Any]) -> str:
    """Give the time that addresses a message; raises `NotUnderstood`."""
    ts: str = _convert(answer, message.get("ts"), Ts)
    return ts


def retry_after(headers: Mapping[str, str], longest_wait_seconds: int) -> float:
    """Read how long to wait: seconds are what Slack writes. Never longer than the limit, whatever is written."""
    text = headers.get("retry-after", "").strip()
    if not (text.isascii() and text.isdigit()):
        return min(DEFAULT_RETRY_AFTER_SECONDS, float(longest_wait_seconds))
    seconds = float(text)
    if seconds > longest_wait_seconds:
        count_over("slack_retry_after_seconds")
        return float(longest_wait_seconds)
    return seconds


def _judge(answer: Answer, error: str, longest_wait_seconds: int) -> TocsinError:
    """Turn an answer that is not ok into one of ours."""
    if not WORD.fullmatch(error):
        return _not_understood(answer, "its error is no word of Slack's")
    if error in refusals.SLOW_DOWN:
        return Throttled(retry_after(answer.headers, longest_wait_seconds))
    if error in refusals.UNSURE:
        return Failed(f"Slack answered {error}")
    if error in refusals.GONE:
        return Gone(error)
    if error in refusals.OF_THE_MESSAGE | refusals.NOT_EDITABLE | refusals.NO_THREAD:
        return Refused(error)
    return Blocked(error)


def _load(answer: Answer) -> Any:
    """Read JSON. Not by msgspec: it refuses half characters written as escapes, and anyone in a channel may have written one."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise _not_understood(answer, f"no JSON: {error}") from error


def _convert(answer: Answer, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _not_understood(answer, str(error)) from error


def _not_understood(answer: Answer, why: str) -> NotUnderstood:
    """Say what came, shortly: it may be a page, or another server's."""
    shown = f"{answer.body[:SHOWN_CHARACTERS]!r}"
    return NotUnderstood(f"an answer that is none of Slack's, with status {answer.status} ({why}): {shown}")
