"""How large a record a topic takes, where that is less than tocsin declares; and what is told of one that is larger.

Each refusal costs a producer and whatever it has on its way, so a limit that is known is kept to here, and asked anew before
anyone is refused by it. Not here: sending (`inbox.py`), asking the broker (`connect.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias, TypeGuard

import structlog

from producers.connect import MAX_REQUEST_BYTES, Metadata
from schemas.errors import Unavailable
from schemas.refusals import BATCH_OVERHEAD_BYTES, LIMIT_SETTING
from schemas.topics import EVENTS_HEADER, MAX_MESSAGE_BYTES

log = structlog.get_logger()
ASK_SECONDS = 1.0
"""The broker is asked at most so often, however many senders come with what is too large."""
UNKNOWN_SECONDS = 60.0
"""For so long it is told that something was refused, where the broker does not say how large its limit is."""


@dataclass(frozen=True, slots=True)
class Oversize:
    """A record is larger than its topic takes: it was not written, and never will be while the limit stands."""

    topic: str
    limit_bytes: int | None
    """None: not known."""

    @property
    def reason(self) -> str:
        limit = "" if self.limit_bytes is None else f", {self.limit_bytes:,} bytes"
        return f"larger than Kafka takes: over {LIMIT_SETTING} of {self.topic}{limit}"


Answer: TypeAlias = Metadata | Oversize | None
"""What the broker says of a record; None when it was not acknowledged, though it may be written all the same."""


def is_written(answer: Answer) -> TypeGuard[Metadata]:
    return answer is not None and not isinstance(answer, Oversize)


class Limit:
    """The limit of one topic, known once it has refused something. From any thread.

    `ask` gives the topic's limit, None when the broker does not tell us, blocking; raises `Unavailable`.
    """

    def __init__(self, topic: str, ask: Callable[[], int | None], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._topic = topic
        self._ask = ask
        self._monotonic = monotonic
        self._lock = Lock()
        self._asked_at = float("-inf")
        self._refused_at = float("-inf")
        self._is_news = False
        self.limit_bytes: int | None = None
        """None while the topic takes all that tocsin declares, as far as is known."""
        self.is_told = False
        """Whether the broker has answered when it was last asked."""

    @property
    def room_bytes(self) -> int:
        """How large the value and the `events` header of a record may be together."""
        limit = MAX_REQUEST_BYTES if self.limit_bytes is None else self.limit_bytes
        return limit - BATCH_OVERHEAD_BYTES - len(EVENTS_HEADER)

    def admits(self, size_bytes: int) -> bool:
        """Whether a record may be tried. What is over the client's own limit may: the client says no, and nothing is harmed."""
        return self.limit_bytes is None or size_bytes <= self.room_bytes

    def oversize(self) -> Oversize:
        """Give what is told of a record that is too large."""
        return Oversize(self._topic, self.limit_bytes)

    @property
    def trouble(self) -> str:
        if self.limit_bytes is not None:
            return (
                f"Kafka takes records of at most {self.limit_bytes:,} bytes in {self._topic}, and tocsin declares "
                f"{MAX_MESSAGE_BYTES:,} ({LIMIT_SETTING}): what is larger is refused"
            )
        if self._monotonic() - self._refused_at < UNKNOWN_SECONDS:
            return f"Kafka has refused a record of {self._topic} for its size ({LIMIT_SETTING})"
        return ""

    def refuse(self) -> None:
        """Take note that the broker has refused a record for its size: what is known of the limit is old."""
        self._refused_at, self._is_news = self._monotonic(), True

    def ask_if_news(self) -> None:
        """Ask the broker if something was refused since it was last asked, or a limit is known that may be over; blocking."""
        if self._is_news or self.limit_bytes is not None:
            self.ask_anew()

    def ask_anew(self) -> None:
        """Ask the broker, unless it was asked a moment ago; blocking. What cannot be learnt stays as it was."""
        with self._lock:
            if not self._is_news and self._monotonic() - self._asked_at < ASK_SECONDS:
                return
            self._is_news, self._asked_at = False, self._monotonic()
            self.is_told = False
            try:
                told = self._ask()
            except Unavailable as error:
                log.warning("topic_limit_unknown", topic=self._topic, reason=str(error))
                return
            before, self.limit_bytes = self.limit_bytes, None if told is None or told >= MAX_MESSAGE_BYTES else told
            self.is_told = told is not None
            if self.is_told and self.limit_bytes is None:
                self._refused_at = float("-inf")
            if before != self.limit_bytes:
                log.warning("topic_limit_learnt", topic=self._topic, bytes=told)
