"""The corrections of Faust: two without which it drops messages at a start or a rebalance under load, two for its pace.

Found in faust-streaming 0.15.3 with mode-streaming 0.7.1, which are pinned for that. The first two make losses rare, not
impossible: the worker still compares every offset. Not here: the worker (`worker.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from mode.utils.queues import FlowControlEvent

FETCH_WAIT_MILLIS = 100
"""Faust's own is 1500 and cannot be set. Longer: a backlog waits so long for idle partitions; shorter: requests for nothing."""

create_consumer = AIOKafkaConsumerThread._create_worker_consumer


def apply() -> None:
    """Replace three methods of the library; call before an app is built. Safe to repeat."""
    FlowControlEvent.resume = resume_without_clearing  # type: ignore[method-assign]
    AIOKafkaConsumerThread._create_worker_consumer = create_impatient_consumer  # type: ignore[method-assign]
    Consumer.on_buffer_full = never_set_aside  # type: ignore[method-assign, assignment]


def create_impatient_consumer(self: Any, transport: Any) -> Any:
    """Create the consumer with a short fetch wait.

    aiokafka has one fetch at a time under way to each broker. While a partition's records are being worked on, the next
    fetch goes out without it and waits for the others: with Faust's 1.5 s a backlog of one partition came at 140 records
    in 1.6 s, with the worker idle in between.
    """
    consumer = create_consumer(self, transport)
    assert consumer._fetch_max_wait_ms > FETCH_WAIT_MILLIS
    consumer._fetch_max_wait_ms = FETCH_WAIT_MILLIS
    return consumer


def resume_without_clearing(self: Any) -> None:
    """Resume flow, and clear the queues only when it was suspended.

    The library's own always clears, and Faust resumes flow that is active already: what was fetched between its two
    calls vanished from the queues, with nothing logged.
    """
    was_suspended = not self.is_active()
    self._suspend.clear()
    self._resume.set()
    if was_suspended:
        self.clear()


def never_set_aside(self: Any, partition: Any) -> None:
    """Do nothing when a stream's queue is nearly full: putting into a full one waits, which is back-pressure enough.

    The library's own takes the partition out of the next fetch, and with none left sleeps for a second.
    """


async def start_from(consumer: Any, offsets: Mapping[Any, int]) -> None:
    """Make Faust's consumer begin exactly at these offsets, before its partitions are resumed.

    The library resumes partitions and seeks after that, so that what is fetched in between is delivered, then skipped or
    doubled. Faust can only seek to what the group has committed: hence the commit. Call it from `on_rebalance_complete`.
    `offsets` must be of assigned partitions, not be empty (the commit would raise and kill the consumer), and hold
    no 0 (a partition may stay unread).
    """
    assert offsets
    assert all(offset > 0 for offset in offsets.values())
    await consumer._commit(offsets)
    await consumer.perform_seek()
