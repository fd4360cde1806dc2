"""The inbox topic, written by kafka-python: the only file of the webhook that knows its errors and futures.

Not here: what is written (`join.py`, `ticks.py`), what a request is told (`publish.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog
from kafka.errors import KafkaError

from producers.connect import Producer
from producers.webhook import metrics
from schemas.errors import Unavailable
from schemas.topics import EVENTS_HEADER

log = structlog.get_logger()
STALE_SECONDS = 60.0
WATCH_SECONDS = 5.0
ANSWERS_SECONDS = 5.0
"""Ticks are acknowledged each second; after this long without any, the broker does not answer."""


class KafkaInbox:
    """Sends frames; replaces its producer when that is stuck. Used from the event loop alone, but for `connect`.

    `new_producer` connects, blocking, or raises `Unavailable`.
    """

    def __init__(self, topic: str, new_producer: Callable[[], Producer], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._topic = topic
        self._new_producer = new_producer
        self._monotonic = monotonic
        self._producer: Producer | None = None
        self._waiting: OrderedDict[int, tuple[asyncio.Future[bool], float]] = OrderedDict()
        self._next = 0
        self._acknowledged_at = float("-inf")

    @property
    def is_answering(self) -> bool:
        """Whether the broker acknowledged anything in the last seconds."""
        return self._monotonic() - self._acknowledged_at < ANSWERS_SECONDS

    def connect(self) -> None:
        """Connect, blocking; raises `Unavailable` when no broker answers or the topic is not there."""
        self._producer = self._new_producer()

    def send(self, partition: int, value: bytes, events: bytes) -> asyncio.Future[bool]:
        """Send one record; see `join.Inbox`."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        number, self._next = self._next, self._next + 1
        self._waiting[number] = (done, self._monotonic())
        settle = partial(self._settle_from_thread, loop, number)
        try:
            assert self._producer is not None
            sent = self._producer.send(self._topic, value=value, partition=partition, headers=[(EVENTS_HEADER, events)])
        except (KafkaError, ValueError) as error:  # ValueError: the partition is not in the metadata
            settle(error)
        else:
            sent.add_callback(lambda _: settle(None))
            sent.add_errback(settle)
        return done

    async def watch(self) -> None:
        """Replace the producer when nothing of it was acknowledged for a minute while the broker answers; until cancelled."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await self.check()

    async def check(self) -> None:
        """Replace the producer if it is stuck; what it held counts as not acknowledged."""
        if self._is_stuck():
            await self._replace()

    def close(self, seconds: float) -> None:
        """Let what was sent arrive, for so long at most; blocking."""
        if self._producer is not None:
            self._producer.close(timeout=seconds)

    def _is_stuck(self) -> bool:
        if not self._waiting:
            return False
        _, oldest_sent_at = next(iter(self._waiting.values()))
        return self._monotonic() - max(oldest_sent_at, self._acknowledged_at) > STALE_SECONDS

    async def _replace(self) -> None:
        try:
            producer = await asyncio.to_thread(self._new_producer)
        except Unavailable:
            return  # the broker does not answer: the producer waits for it, as it should
        if not self._is_stuck():  # the broker was only just back, and the old producer noticed meanwhile
            await asyncio.to_thread(producer.close, timeout=0)
            return
        log.error("producer_replaced", waiting=len(self._waiting), reason=f"nothing acknowledged for {STALE_SECONDS:.0f} s")
        metrics.PRODUCERS_REPLACED.inc()
        stuck, self._producer = self._producer, producer
        for number in list(self._waiting):
            self._settle(number, "the producer was replaced")
        if stuck is not None:
            await asyncio.to_thread(stuck.close, timeout=0)

    def _settle_from_thread(self, loop: asyncio.AbstractEventLoop, number: int, error: BaseException | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: the process is leaving and nobody waits any more
            loop.call_soon_threadsafe(self._settle, number, error)

    def _settle(self, number: int, error: BaseException | str | None) -> None:
        done, sent_at = self._waiting.pop(number, (None, 0.0))
        if done is None:
            return  # given up when the producer was replaced
        now = self._monotonic()
        if error is None:
            self._acknowledged_at = now
            metrics.ACKNOWLEDGED_SECONDS.observe(now - sent_at)
        else:
            metrics.LOST_FRAMES.inc()
            log.warning("frame_unacknowledged", reason=str(error), error=type(error).__name__)
        if not done.done():
            done.set_result(error is None)
