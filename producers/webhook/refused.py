"""Requests that are answered with a problem (RFC 9457), each error one row of DESIGN's answer table.

Refused
├── NotJson, NotAnArray 400 · NotAnAlert 422   what was sent
├── Unauthorized 401 · SwitchedOff 403    who sent it, where to
├── TooSlow 408 · TooLarge 413 · EncodedBody 415    how it was sent
├── TooMany 429                       how often
├── NotFound, NoReceipt 404 · WrongMethod 405    no door or receipt there
└── NotDurable, NoRoom, Unreadable 503    nothing of the sender's; asking again helps

Not here: elements that are refused while the rest of their request goes on; those are `schemas.records.Refusal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import ClassVar

import msgspec

from schemas.errors import SenderError

RETRY_AFTER_SECONDS = 1
"""A broker that failed over is back in seconds; Alertmanager ignores the header and backs off by itself."""

NO_ROOM_SECONDS = 10
"""People make room; that takes longer than a broker's failover."""


class Refused(SenderError):
    """A request that gets no 2xx; `detail` says what to do about it."""

    status: ClassVar[int]
    title: ClassVar[str]
    complaint: ClassVar[str | None] = None
    """The kind under which Alert Bot tells of it (the token was right); None: sending again helps, or it is as configured."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def headers(self) -> list[tuple[bytes, bytes]]:
        return []

    def render(self) -> bytes:
        """Write the problem details object."""
        return msgspec.json.encode({"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail})


class NotJson(Refused):
    status, title, complaint = 400, "Not JSON", "malformed"


class NotAnArray(Refused):
    status, title, complaint = 400, "Not an array", "not_an_alert"


class Unauthorized(Refused):
    status, title = 401, "Unauthorized"

    def __init__(self) -> None:
        super().__init__(
            "Send the integration's token as 'Authorization: Bearer TOKEN' or as the password of Basic authentication, "
            "and check the project and the integration in the path."
        )

    def headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"www-authenticate", b'Bearer realm="tocsin"')]


class SwitchedOff(Refused):
    status, title = 403, "Integration switched off"


class NotFound(Refused):
    status, title = 404, "No such door"


class NoReceipt(Refused):
    status, title = 404, "No such receipt"

    def __init__(self) -> None:
        super().__init__("This integration has no such receipt, or its outcomes are no longer kept.")


class WrongMethod(Refused):
    status, title = 405, "Method not allowed"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"This path takes {allowed[0]}.")
        self.allowed = ", ".join(allowed)

    def headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"allow", self.allowed.encode())]


class TooSlow(Refused):
    status, title, complaint = 408, "Too slow", "too_slow"

    def headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"connection", b"close")]  # what still comes would be taken for the next request's body


class TooLarge(Refused):
    status, title, complaint = 413, "Too large", "too_large"


class TooDeep(TooLarge):
    title, complaint = "Too deep", "too_deep"


class EncodedBody(Refused):
    status, title, complaint = 415, "Content-Encoding not supported", "encoded"


class NotAnAlert(Refused):
    status, title, complaint = 422, "Not an alert", "not_an_alert"


class TooMany(Refused):
    status, title = 429, "Too many alerts"

    def __init__(self, limit: str, seconds: float) -> None:
        self.seconds = max(ceil(seconds), RETRY_AFTER_SECONDS)
        super().__init__(
            f"The rate limit of this integration, {limit} a minute, is reached and nothing was accepted. Wait {self.seconds} s."
        )

    def headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"retry-after", str(self.seconds).encode())]


class NotDurable(Refused):
    status, title = 503, "Not accepted now"

    def __init__(self, detail: str, seconds: int = RETRY_AFTER_SECONDS) -> None:
        super().__init__(detail)
        self.seconds = seconds

    def headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"retry-after", str(self.seconds).encode())]


class NoRoom(NotDurable):
    """The disk that Kafka writes to is nearly full: refused while what was accepted can still be finished."""

    title = "No room"

    def __init__(self, lack: str) -> None:
        super().__init__(
            f"Nothing of this request was written: {lack}. Send it again later; who runs tocsin has to make room on that disk."
        )

    def headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"retry-after", str(NO_ROOM_SECONDS).encode())]


class Unreadable(NotDurable):
    title = "Not readable now"


class Broken(Refused):
    status, title, complaint = 500, "Our fault", "fault"

    def __init__(self) -> None:
        super().__init__("The request met a fault in tocsin and was not accepted. It is in the log; sending again may help.")


class RejectedElement(SenderError):
    """One element of a request that can be no alert; the others go on."""
