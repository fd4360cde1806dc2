"""Inbox and journal of a partition on real Kafka, for the driver: reading by offset, and writing entries.

Not here: when anything is read or written (`driver.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from processors.partition import InboxRecord
from processors.recovery import Bounds, LogReader
from schemas.errors import Unavailable
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import INBOX, JOURNAL, MAX_MESSAGE_BYTES

log = structlog.get_logger()

ACKNOWLEDGE_MILLIS = 15_000
"""After so long an entry counts as failed. Much shorter: a slow broker makes the worker recover for nothing."""
STOP_SECONDS = 2


class EntryProducer:
    """Writes to the journal, one record at a time and partition; a producer that failed is replaced.

    Idempotent, so that a retry of the client's own does not write an entry twice; the chain would bear it, at the price
    of a recovery.
    """

    def __init__(self, options: dict[str, Any], topic: str) -> None:
        self._options = options
        self._topic = topic
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def append(self, partition: int, value: bytes) -> int:
        """Write a record, wait until it is durable and give its offset; raises `Unavailable` (it may be written all the same)."""
        try:
            producer = await self._started()
            written = await producer.send_and_wait(self._topic, value, partition=partition)
        except KafkaError as error:
            await self.stop()
            raise Unavailable(f"the journal cannot be written: {error!r}") from error
        return int(written.offset)

    async def stop(self) -> None:
        """Let go of the connections; what is not sent by then may be lost, and is written anew by whoever recovers."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            await asyncio.wait_for(producer.stop(), STOP_SECONDS)
        except (KafkaError, TimeoutError) as error:
            log.warning("producer_stopped_hard", reason=repr(error))

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._options,
                    acks="all",
                    enable_idempotence=True,
                    max_request_size=MAX_MESSAGE_BYTES,
                    request_timeout_ms=ACKNOWLEDGE_MILLIS,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer


class KafkaLogs:
    """`Logs` of one partition."""

    def __init__(self, settings: Settings, partition: int, producer: EntryProducer) -> None:
        self._inbox = INBOX.full_name(settings.topic_prefix)
        self._journal = JOURNAL.full_name(settings.topic_prefix)
        self._partition = partition
        self._reader = LogReader(client_options(settings))
        self._producer = producer

    async def inbox_bounds(self) -> Bounds:
        return await self._reader.bounds(self._inbox, self._partition)

    async def journal_bounds(self) -> Bounds:
        return await self._reader.bounds(self._journal, self._partition)

    def read_inbox(self, start: int, stop: int) -> AsyncIterator[Sequence[InboxRecord]]:
        return self._reader.read(self._inbox, self._partition, start, stop)

    def read_journal(self, start: int, stop: int) -> AsyncIterator[Sequence[InboxRecord]]:
        return self._reader.read(self._journal, self._partition, start, stop)

    async def append(self, part: bytes) -> int:
        return await self._producer.append(self._partition, part)
