"""Answers of the server itself, before any application is asked: problem details (RFC 9457), and the connection is closed.

Not here: when they are given (`limited_protocol.py`, `accept.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import msgspec

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
