"""What the clock says to each partition, and when: the configuration if it lacks it, then a tick.

Not here: the broker (`producers/inbox.py`), the process (`process.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Protocol

import structlog

from producers.clock import metrics
from producers.clock.distribution import MAX_PART_BYTES, build_frames
from producers.inbox import Settle
from producers.oversize import Answer, is_written
from schemas.codec import encode
from schemas.configuration import Configuration
from schemas.records import Frame, Tick

log = structlog.get_logger()
MAX_DIFFERENCE_MILLIS = 30_000
"""Between the inbox's time and ours: beyond it somebody's clock is wrong, and timers fire early or late."""
NO_VERSION = -1
PART_HEAD_BYTES = 64
"""At most what a frame takes besides a part of a configuration."""


class Inbox(Protocol):
    """The inbox as the clock sees it; a fake stands in for it in tests."""

    def send(self, partition: int, value: bytes, settle: Settle) -> None:
        """Send a record, in order with those before it; `settle` is called once, maybe from another thread."""
        ...

    @property
    def room_bytes(self) -> int:
        """How large a record may be, as far as is known."""
        ...


class Clock:
    """Beats each second. A partition that has not acknowledged the last beat yet is left out of the next."""

    def __init__(self, inbox: Inbox, partitions: int, now_millis: Callable[[], int]) -> None:
        self._now_millis = now_millis
        self._partitions = [_Partition(inbox, number, partitions, now_millis) for number in range(partitions)]

    def beat(self, version: int, configuration: Configuration) -> None:
        """Tell every partition the configuration of this version, if it lacks it, and the time."""
        tick = encode(Frame([Tick(self._now_millis(), "clock")]))
        for partition in self._partitions:
            partition.beat(tick, version, configuration)

    @property
    def distributed(self) -> int:
        """The version that all partitions have acknowledged; -1 for none."""
        return min(partition.version for partition in self._partitions)


class _Partition:
    def __init__(self, inbox: Inbox, number: int, count: int, now_millis: Callable[[], int]) -> None:
        self._inbox = inbox
        self._number = number
        self._count = count
        self._now_millis = now_millis
        self._lock = Lock()  # the broker's answers come in another thread, failures to send in ours
        self._waiting = 0
        self._is_complete = True
        self._is_differing = False
        self._sent_version = NO_VERSION
        self.version = NO_VERSION

    def beat(self, tick: bytes, version: int, configuration: Configuration) -> None:
        if self._waiting:
            return
        frames = [] if version <= self.version else self._build_frames(version, configuration)
        self._sent_version = max(version, self.version)
        is_tick_first, self._is_complete = not self._is_complete, True  # what failed may fail again; time goes on before it
        self._waiting = len(frames) + 1
        if is_tick_first:
            self._inbox.send(self._number, tick, self._settle_tick)
        for frame in frames:
            self._inbox.send(self._number, frame, self._settle)
        if not is_tick_first:
            self._inbox.send(self._number, tick, self._settle_tick)

    def _build_frames(self, version: int, configuration: Configuration) -> list[bytes]:
        part_bytes = min(MAX_PART_BYTES, max(1, self._inbox.room_bytes - PART_HEAD_BYTES))
        return build_frames(version, configuration, self._number, self._count, part_bytes)

    def _settle(self, answer: Answer) -> None:
        with self._lock:
            self._is_complete = self._is_complete and is_written(answer)
            is_news = self._waiting == 1 and self._is_complete and self._sent_version > self.version
            if is_news:
                self.version = self._sent_version
            self._waiting -= 1
        if is_news:
            log.info("configuration_distributed", partition=self._number, version=self.version)

    def _settle_tick(self, answer: Answer) -> None:
        if is_written(answer):
            metrics.TICKS.inc()
            self._compare(answer.timestamp - self._now_millis())
        self._settle(answer)

    def _compare(self, difference: int) -> None:
        metrics.DIFFERENCE.labels(str(self._number)).set(difference / 1000)
        is_differing = abs(difference) > MAX_DIFFERENCE_MILLIS
        if is_differing != self._is_differing:
            write = log.error if is_differing else log.info
            write(
                "clock_differs" if is_differing else "clock_agrees", partition=self._number, inbox_ahead_seconds=difference / 1000
            )
        self._is_differing = is_differing
