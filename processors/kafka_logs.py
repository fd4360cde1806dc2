"""Inbox and journal of a partition on real Kafka, for the driver: reading by offset, and writing entries.

Not here: when anything is read or written (`driver.py`), the way to the journal (`entry_producer.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from processors.entry_producer import EntryProducer
from processors.partition import InboxRecord
from processors.recovery import Bounds, LogReader
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import INBOX, JOURNAL


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
