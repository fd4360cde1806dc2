"""The inbox topic as producers write it: the only file of theirs that knows kafka-python's errors and futures.

Not here: connecting (`connect.py`), what is written, and what becomes of a request that waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Lock

import structlog
from kafka.errors import KafkaError

from producers.connect import Metadata, Producer
from schemas.errors import Unavailable
from schemas.topics import EVENTS_HEADER

log = structlog.get_logger()
NO_EVENTS = b"{}"
"""The `events` header of a record without alerts."""
STALE_SECONDS = 60.0
ANSWERS_SECONDS = 5.0
WATCH_SECONDS = 5.0
Settle = Callable[[Metadata | None], None]
"""Told once of each record: what the broker says of it, or None when it was not acknowledged; it may be written all the same."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a process counts of its inbox, called from any thread."""

    acknowledged: Callable[[float], None] = lambda seconds: None
    lost: Callable[[], None] = lambda: None
    replaced: Callable[[], None] = lambda: None


class KafkaInbox:
    """Sends records; replaces its producer when that is stuck (STACK, kafka-python rule 1).

    `new_producer` connects, blocking, or raises `Unavailable`. Sending and replacing are for one thread; the broker's
    answers come in another.
    """

    def __init__(
        self,
        topic: str,
        new_producer: Callable[[], Producer],
        monotonic: Callable[[], float] = time.monotonic,
        counted: Counted = Counted(),
    ) -> None:
        self._topic = topic
        self._new_producer = new_producer
        self._monotonic = monotonic
        self._counted = counted
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
        """Connect, blocking; raises `Unavailable` when no broker answers or the topic is not there."""
        self._producer = self._new_producer()

    def send(self, partition: int, value: bytes, settle: Settle, events: bytes = NO_EVENTS) -> None:
        """Send one record without blocking; the records of one partition stay in the order of the calls."""
        number, self._next = self._next, self._next + 1
        with self._lock:
            self._waiting[number] = (settle, self._monotonic())
        if self._producer is None:
            self._lose(number, Unavailable("not connected to Kafka yet"))
            return
        try:
            sent = self._producer.send(self._topic, value=value, partition=partition, headers=[(EVENTS_HEADER, events)])
        except (KafkaError, ValueError) as error:  # ValueError: the partition is not in the metadata
            self._lose(number, error)
        else:
            sent.add_callback(partial(self._acknowledge, number))
            sent.add_errback(partial(self._lose, number))

    def replace_if_stuck(self) -> None:
        """Take another producer when nothing was acknowledged for a minute while the broker answers; blocking."""
        if not self._is_stuck():
            return
        try:
            producer = self._new_producer()
        except Unavailable:
            return  # the broker does not answer: the producer waits for it, as it should
        if not self._is_stuck():  # the broker was only just back, and the old producer noticed meanwhile
            producer.close(timeout=0)
            return
        log.error("producer_replaced", waiting=len(self._waiting), reason=f"nothing acknowledged for {STALE_SECONDS:.0f} s")
        self._counted.replaced()
        stuck, self._producer = self._producer, producer
        with self._lock:
            held = list(self._waiting)
        for number in held:
            self._lose(number, Unavailable("the producer was replaced"))
        if stuck is not None:
            stuck.close(timeout=0)

    def close(self, seconds: float) -> None:
        """Let what was sent arrive, for so long at most; blocking."""
        if self._producer is not None:
            self._producer.close(timeout=seconds)

    def _is_stuck(self) -> bool:
        with self._lock:
            oldest = next((sent_at for _, sent_at in self._waiting.values()), None)  # in the order of sending
        return oldest is not None and self._monotonic() - max(oldest, self._acknowledged_at) > STALE_SECONDS

    def _acknowledge(self, number: int, metadata: Metadata) -> None:
        settle, sent_at = self._take(number)
        if settle is not None:
            self._acknowledged_at = self._monotonic()
            self._counted.acknowledged(self._acknowledged_at - sent_at)
            settle(metadata)

    def _lose(self, number: int, error: BaseException) -> None:
        settle, _ = self._take(number)
        if settle is not None:
            self._counted.lost()
            log.warning("record_unacknowledged", reason=str(error), error=type(error).__name__)
            settle(None)

    def _take(self, number: int) -> tuple[Settle | None, float]:
        """Take who waits for a record; nobody does when it was given up with its producer."""
        with self._lock:
            return self._waiting.pop(number, (None, 0.0))


class InboxOfLoop:
    """The inbox as an event loop uses it: what is sent gives a future, what blocks runs in a thread."""

    def __init__(self, inbox: KafkaInbox) -> None:
        self.inbox = inbox

    def send(self, partition: int, value: bytes, events: bytes = NO_EVENTS) -> asyncio.Future[Metadata | None]:
        """Send one record; the future gives what `Settle` is told."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Metadata | None] = loop.create_future()

        def settle(metadata: Metadata | None) -> None:
            with suppress(RuntimeError):  # the loop is closed: the process is leaving and nobody waits any more
                loop.call_soon_threadsafe(lambda: None if done.done() else done.set_result(metadata))

        self.inbox.send(partition, value, settle, events)
        return done

    async def connect(self, retry_seconds: float) -> None:
        """Connect, however long that takes."""
        while True:
            try:
                return await asyncio.to_thread(self.inbox.connect)
            except Unavailable as error:
                log.warning("kafka_unavailable", reason=str(error))
                await asyncio.sleep(retry_seconds)

    async def watch(self) -> None:
        """Replace a producer that is stuck; until cancelled."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await asyncio.to_thread(self.inbox.replace_if_stuck)
