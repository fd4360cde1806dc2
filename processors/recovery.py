"""Reading a partition of the inbox or the journal by offsets: recovery by following the chain, and the records of a hole.

A plain aiokafka consumer without a group. Not here: Faust, and what is done about a record (`partition.py`, `driver.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from processors.partition import InboxRecord, PartitionWriter
from schemas.errors import BrokenChain, Unavailable
from schemas.topics import MAX_MESSAGE_BYTES

PATIENCE_SECONDS = 20
"""Without a record for so long, a reader gives up: the broker is away, and whoever reads begins anew."""
BREATH_SECONDS = 0.02
"""How long recovery may hold the event loop at a stretch; the longest step, a part of 900 KiB, takes about as long."""
POLL_MILLIS = 200


@dataclass(frozen=True, slots=True)
class Bounds:
    """Offset of the first record still kept, and the offset after the last one."""

    beginning: int
    end: int


class Logs(Protocol):
    """One partition's inbox and journal. All raise `Unavailable`; the readers `BrokenChain` when `start` is no longer kept."""

    async def inbox_bounds(self) -> Bounds: ...
    async def journal_bounds(self) -> Bounds: ...

    def read_inbox(self, start: int, stop: int) -> AsyncIterator[Sequence[InboxRecord]]:
        """Yield the records from `start` up to `stop`, exclusive; offsets without a record are passed over."""

    def read_journal(self, start: int, stop: int) -> AsyncIterator[Sequence[InboxRecord]]:
        """The same for the journal; timestamps and headers mean nothing there."""

    async def append(self, part: bytes) -> int:
        """Write to the journal, wait for the acknowledgement and give the offset. After an error it may be written or not."""


async def follow_journal(logs: Logs, writer: PartitionWriter) -> int:
    """Bring a new writer to the end of the chain; give the journal offset up to which was read.

    Raises `BrokenChain` when the chain does not lead there from its beginning, or when the inbox records that come
    next are no longer there.
    """
    journal = await logs.journal_bounds()
    breath = time.monotonic()
    async for records in logs.read_journal(journal.beginning, journal.end):
        for record in records:
            writer.restore(record.offset, record.value)
            if time.monotonic() - breath > BREATH_SECONDS:
                await asyncio.sleep(0)
                breath = time.monotonic()
    writer.recovered(journal.end)
    if journal.beginning > 0 and writer.next_inbox == 0:
        raise BrokenChain(f"the journal begins at offset {journal.beginning} and holds no entry to start from")
    return journal.end


def check_inbox(inbox: Bounds, next_inbox: int) -> None:
    """Raise `BrokenChain` when the record wanted next can never be read."""
    if inbox.beginning > next_inbox:
        raise BrokenChain(f"inbox record {next_inbox} comes next, but the inbox begins at {inbox.beginning}: records are lost")
    if inbox.end < next_inbox:
        raise BrokenChain(f"the journal covers the inbox up to {next_inbox}, but the inbox ends at {inbox.end}: was it deleted?")


class LogReader:
    """Reads partitions by offsets; `options` are those of `schemas.kafka.client_options`."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options

    async def bounds(self, topic: str, partition: int) -> Bounds:
        """Ask the broker, with what is not yet committed in transactions; raises `Unavailable`."""
        asked = TopicPartition(topic, partition)
        async with self._consumer(asked) as consumer:
            beginning = (await consumer.beginning_offsets([asked]))[asked]
            return Bounds(beginning, (await consumer.end_offsets([asked]))[asked])

    async def read(self, topic: str, partition: int, start: int, stop: int) -> AsyncIterator[list[InboxRecord]]:
        """Yield the records of a range, `stop` exclusive.

        It ends when the consumer's position has reached `stop`, whether or not there is a record with the last offset:
        a transaction's marker has none, nor has what was compacted away. Raises `BrokenChain` when `start` is no longer
        kept, `Unavailable` when nothing comes.
        """
        if start >= stop:
            return
        read = TopicPartition(topic, partition)
        async with self._consumer(read) as consumer:
            consumer.seek(read, start)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while await consumer.position(read) < stop:
                fetched = await consumer.getmany(read, timeout_ms=POLL_MILLIS)
                records = [_plain(record) for record in fetched.get(read, ()) if record.offset < stop]
                if records:
                    yield records
                    deadline = time.monotonic() + PATIENCE_SECONDS
                elif time.monotonic() > deadline:
                    raise Unavailable(f"nothing came from {topic} {partition} for {PATIENCE_SECONDS} s")

    @asynccontextmanager
    async def _consumer(self, partition: TopicPartition) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            **self._options,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_uncommitted",
            max_partition_fetch_bytes=MAX_MESSAGE_BYTES,
            request_timeout_ms=PATIENCE_SECONDS * 1000,
        )
        consumer.assign([partition])
        try:
            await consumer.start()
            yield consumer
        except OffsetOutOfRangeError as error:
            raise BrokenChain(f"{partition.topic} {partition.partition} no longer holds what must be read: {error}") from error
        except KafkaError as error:
            raise Unavailable(f"{partition.topic} {partition.partition} cannot be read: {error!r}") from error
        finally:
            await asyncio.sleep(0)  # a consumer stopped before its tasks have begun raises CancelledError in whoever stops it
            await consumer.stop()


def _plain(record: Any) -> InboxRecord:
    return InboxRecord(record.offset, record.timestamp, record.value, record.headers)
