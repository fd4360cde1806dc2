"""Answers of the server itself, before any application is asked: problem details (RFC 9457), and the connection is closed.

Not here: when they are given (`limited_protocol.py`, `accept.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from schemas.limits import Limits

RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """`detail` says what to do about it."""

    status: int
    title: str
    detail: str

    def render(self) -> bytes:
        """Write the whole answer."""
        body = msgspec.json.encode({"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail})
        retry = f"retry-after: {RETRY_AFTER_SECONDS}\r\n" if self.status == HTTPStatus.SERVICE_UNAVAILABLE else ""
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\n{retry}connection: close\r\n\r\n"
        )
        return head.encode() + body


MALFORMED = RawAnswer(400, "Malformed request", "This is not HTTP/1.1 as RFC 9112 has it.")


@dataclass(frozen=True, slots=True)
class Refusals:
    """The answers, with what the limits are."""

    header_bytes: RawAnswer
    headers: RawAnswer
    target: RawAnswer
    slow_head: RawAnswer
    pipelined: RawAnswer

    @classmethod
    def of(cls, limits: Limits) -> Refusals:
        too_large, slow, many = "Headers too large", "Too slow", "Too many at once"
        return cls(
            RawAnswer(
                431, too_large, f"All headers together may have {limits.max_header_bytes} bytes. Send fewer or shorter ones."
            ),
            RawAnswer(431, too_large, f"A request may have {limits.max_headers} headers. Send fewer."),
            RawAnswer(414, "Target too long", f"A path with its query may have {limits.max_target_bytes} bytes. Ask for less."),
            RawAnswer(408, slow, f"The request's head was not here within {limits.max_head_seconds} s."),
            RawAnswer(
                503, many, f"A connection may have {limits.max_pipelined_requests} requests at once. Wait for their answers."
            ),
        )
