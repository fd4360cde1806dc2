"""A compacted topic as a small store of a sink: read whole at assignment, written with acknowledgement, one writer at a time.

Not here: what is kept in it (`slack/threads.py`, `statuspage/store.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from schemas.errors import Unavailable
from schemas.kafka import client_options
from schemas.refusals import LIMIT_SETTING, is_final, is_too_large, name_of
from schemas.settings import Settings
from schemas.topics import MAX_MESSAGE_BYTES, Topic
from sinks.producer import connect_producer
from sinks.sink import NotTaken, Superseded

log = structlog.get_logger()
ANSWER_MILLIS = 5_000
ACKNOWLEDGE_SECONDS = 5.0
"""Longer means that the broker is away: what was not acknowledged may still be written, so the state is read anew."""
CLOSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """What to write under a key; None removes it."""

    partition: int
    key: str
    value: bytes | None


class Store(Protocol):
    """What a sink needs of `CompactedTopic`; see there."""

    def load(self, partitions: Iterable[int]) -> dict[str, bytes]: ...
    def write(self, changes: Sequence[Change]) -> None: ...
    def close(self) -> None: ...


class CompactedTopic:
    """Each write must land at the offset after what was read and written here before.

    If it does not, another process has written: the state held here is old, and `Superseded` says so *before* anything
    is done in the world on the strength of that write. So a process that was frozen and wakes does nothing twice.
    """

    def __init__(self, settings: Settings, topic: Topic) -> None:
        self._settings = settings
        self._name = topic.full_name(settings.topic_prefix)
        self._expected: dict[int, int] = {}
        self._producer: Any = None

    def load(self, partitions: Iterable[int]) -> dict[str, bytes]:
        """Read these partitions whole; give the last value of each key. Only these may be written from now on.

        Raises `Unavailable`.
        """
        self._expected = {}
        wanted = [TopicPartition(self._name, partition) for partition in partitions]
        try:
            values, ends = self._read(wanted) if wanted else ({}, {})
        except KafkaError as error:
            raise Unavailable(f"{self._name} cannot be read: {error!r}") from error
        self._expected = ends
        return values

    def write(self, changes: Sequence[Change]) -> None:
        """Write, and wait until all of it is acknowledged; order is kept within a partition.

        Raises `Superseded` when another process has written since, `NotTaken` when Kafka refused it or it is not known
        what became of the write: in both cases the state must be loaded anew before anything else is done. The next write
        goes by another producer: of one whose record was refused the library fails all that comes after (STACK).
        """
        if not changes:
            return
        try:
            producer = self._connect()
            sent = [self._send(producer, change) for change in changes]
            offsets = [(change.partition, future.get(timeout=ACKNOWLEDGE_SECONDS).offset) for change, future in sent]
        except KafkaError as error:
            self.close()
            raise NotTaken(self._complaint(error, changes)) from error
        for partition, offset in offsets:
            self._check(partition, offset)

    def close(self) -> None:
        """Let go of the connection; `load` is needed before the next write."""
        self._expected = {}
        if self._producer is not None:
            self._producer.close(timeout=CLOSE_SECONDS)
            self._producer = None

    def _send(self, producer: Any, change: Change) -> tuple[Change, Any]:
        if change.partition not in self._expected:
            raise Superseded(f"partition {change.partition} of {self._name} is not loaded here")
        future = producer.send(self._name, key=change.key.encode(), value=change.value, partition=change.partition)
        return change, future

    def _complaint(self, error: KafkaError, changes: Sequence[Change]) -> str:
        if not is_final(error):
            return f"Kafka did not acknowledge a write of {self._name}: {error!r}"
        largest = max(len(change.key.encode()) + len(change.value or b"") for change in changes)
        why = f"{LIMIT_SETTING} is lower" if is_too_large(error) else name_of(error)
        return f"Kafka refuses a record of {self._name}, the largest of {largest:,} bytes: {why}"

    def _check(self, partition: int, offset: int) -> None:
        expected = self._expected[partition]
        if offset != expected:
            self._expected = {}
            raise Superseded(f"another process has written {self._name}: offset {offset}, where {expected} was expected")
        self._expected[partition] = offset + 1

    def _connect(self) -> Any:
        if self._producer is None:
            self._producer = connect_producer(self._settings)
        return self._producer

    def _read(self, wanted: Sequence[TopicPartition]) -> tuple[dict[str, bytes], dict[int, int]]:
        consumer = KafkaConsumer(
            **client_options(self._settings),
            group_id=None,
            enable_auto_commit=False,
            max_partition_fetch_bytes=MAX_MESSAGE_BYTES,
        )
        try:
            consumer.assign(list(wanted))
            ends = consumer.end_offsets(list(wanted), timeout_ms=ANSWER_MILLIS)
            for one in wanted:
                consumer.seek_to_beginning(one)
            return _gather(consumer, ends), {one.partition: ends[one] for one in wanted}
        finally:
            consumer.close(autocommit=False)


def _gather(consumer: Any, ends: dict[TopicPartition, int]) -> dict[str, bytes]:
    """Read until the *position* reaches the end: the last offset itself may be compacted away (STACK, rule 5 of Faust)."""
    values: dict[str, bytes] = {}
    while any(consumer.position(one) < end for one, end in ends.items()):
        for records in consumer.poll(timeout_ms=500).values():
            for record in records:
                key = record.key.decode()
                if record.value is None:
                    values.pop(key, None)
                else:
                    values[key] = record.value
    return values
