"""The inbox topic as the clock writes it: the only file here that knows kafka-python's producer.

Not here: what is written (`clock.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from threading import Lock

import structlog
from kafka.errors import KafkaError

from producers.clock import metrics
from producers.connect import Metadata, Producer
from schemas.errors import Unavailable
from schemas.topics import EVENTS_HEADER

log = structlog.get_logger()
NO_EVENTS = (EVENTS_HEADER, b"{}")
STALE_SECONDS = 60.0
ANSWERS_SECONDS = 5.0
"""Ticks are acknowledged each second; after this long without any, the broker does not answer."""
Settle = Callable[[int | None], None]


class KafkaInbox:
    """Sends from one thread; `new_producer` connects, blocking, or raises `Unavailable`."""

    def __init__(self, topic: str, new_producer: Callable[[], Producer], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._topic = topic
        self._new_producer = new_producer
        self._monotonic = monotonic
        self._producer: Producer | None = None
        self._lock = Lock()
        self._waiting: dict[int, tuple[Settle, float]] = {}
        self._next = 0
        self._acknowledged_at = float("-inf")

    @property
    def is_answering(self) -> bool:
        """Whether the broker acknowledged anything in the last seconds; from any thread."""
        return self._monotonic() - self._acknowledged_at < ANSWERS_SECONDS

    def connect(self) -> None:
        """Connect, blocking; raises `Unavailable`."""
        self._producer = self._new_producer()

    def send(self, partition: int, value: bytes, settle: Settle) -> None:
        """Send one record; see `clock.Inbox`."""
        assert self._producer is not None
        number, self._next = self._next, self._next + 1
        with self._lock:
            self._waiting[number] = (settle, self._monotonic())
        try:
            sent = self._producer.send(self._topic, value=value, partition=partition, headers=[NO_EVENTS])
        except KafkaError as error:
            self._lose(number, error)
        else:
            sent.add_callback(partial(self._acknowledge, number))
            sent.add_errback(partial(self._lose, number))

    def replace_if_stuck(self) -> None:
        """Take another producer when nothing was acknowledged for a minute while the broker answers (STACK, rule 1)."""
        if not self._is_stuck():
            return
        try:
            producer = self._new_producer()
        except Unavailable:
            return  # the broker does not answer: the producer waits for it, as it should
        log.error("producer_replaced", waiting=len(self._waiting), reason=f"nothing acknowledged for {STALE_SECONDS:.0f} s")
        metrics.PRODUCERS_REPLACED.inc()
        stuck, self._producer = self._producer, producer
        for number in list(self._waiting):
            self._lose(number, Unavailable("the producer was replaced"))
        if stuck is not None:
            stuck.close(timeout=0)

    def close(self, seconds: float) -> None:
        """Let what was sent arrive, for so long at most; blocking."""
        if self._producer is not None:
            self._producer.close(timeout=seconds)

    def _is_stuck(self) -> bool:
        with self._lock:
            oldest = min((sent_at for _, sent_at in self._waiting.values()), default=None)
        return oldest is not None and self._monotonic() - max(oldest, self._acknowledged_at) > STALE_SECONDS

    def _acknowledge(self, number: int, metadata: Metadata) -> None:
        self._acknowledged_at = self._monotonic()
        self._settle(number, metadata.timestamp)

    def _lose(self, number: int, error: BaseException) -> None:
        metrics.UNACKNOWLEDGED.inc()
        log.warning("record_unacknowledged", reason=str(error), error=type(error).__name__)
        self._settle(number, None)

    def _settle(self, number: int, timestamp: int | None) -> None:
        with self._lock:
            settle, _ = self._waiting.pop(number, (None, 0.0))
        if settle is not None:  # else it was given up when the producer was replaced
            settle(timestamp)
