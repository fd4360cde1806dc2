"""Door ticks: while it is accepting, a door says so in every partition each second (BEHAVIOUR 4, absence).

Not here: the clock's ticks, on which timers fire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from producers.inbox import NO_EVENTS
from producers.oversize import is_written
from producers.webhook.join import Inbox, Sending
from schemas.codec import encode
from schemas.records import Frame, Tick

TICK_SECONDS = 1.0


class DoorTicks:
    """Ticks every partition; a partition whose last tick is not acknowledged yet gets no other one."""

    def __init__(
        self, inbox: Inbox, partitions: int, now_millis: Callable[[], int], is_refusing: Callable[[], bool] = lambda: False
    ) -> None:
        """`is_refusing`: no alert is taken at the moment, so that none is absent."""
        self._inbox = inbox
        self._now_millis = now_millis
        self._is_refusing = is_refusing
        self._waiting: dict[int, Sending] = {}
        self._partitions = range(partitions)
        self._acknowledged: set[int] = set()
        self._is_stopped = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether every partition has acknowledged a tick, so that now is right everywhere; and no stop was asked for."""
        return len(self._acknowledged) == len(self._partitions) and not self._is_stopped.is_set()

    async def run(self) -> None:
        """Tick each second until stopped."""
        while not self._is_stopped.is_set():
            if not self._is_refusing():
                self.tick()
            try:
                await asyncio.wait_for(self._is_stopped.wait(), TICK_SECONDS)
            except TimeoutError:
                pass  # a second has passed

    def tick(self) -> None:
        """Send one tick to each partition that waits for none."""
        value = encode(Frame([Tick(self._now_millis(), "door")]))
        for partition in self._partitions:
            if partition not in self._waiting:
                self._waiting[partition] = self._inbox.send(partition, value, NO_EVENTS)
                self._waiting[partition].add_done_callback(partial(self._settle, partition))

    def stop(self) -> None:
        """Send no more: the door is closing."""
        self._is_stopped.set()

    def _settle(self, partition: int, sent: Sending) -> None:
        del self._waiting[partition]
        if not sent.cancelled() and is_written(sent.result()):
            self._acknowledged.add(partition)
