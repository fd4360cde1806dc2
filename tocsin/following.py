"""What became of a record just written, as the topics themselves tell: for commands that have Kafka and no read model.

Not here: the read model's answer (`producers/operator`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from schemas.codec import decode
from schemas.errors import MalformedRecord, Unavailable
from schemas.kafka import client_options
from schemas.records import Entry, EventOutcome, OutcomeSection
from schemas.settings import Settings
from schemas.topics import JOURNAL, MAX_MESSAGE_BYTES
from tocsin.tail import read_partition

ANSWER_SECONDS = 10.0
CLOCKS_APART_MILLIS = 300_000
"""How far our clock and the broker's may be apart."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the core made of a command; `outcome` is done, refused, rejected, or pending where it has not answered in time."""

    outcome: str
    reason: str | None = None


def outcome_of(settings: Settings, partition: int, write: Callable[[], int], seconds: float = ANSWER_SECONDS) -> Answer:
    """Write an inbox record of one command, and wait for what became of it. Raises `Unavailable`.

    A journal entry that turns out void says the same as the one that counts: same inbox, same decisions.
    """
    place = TopicPartition(JOURNAL.full_name(settings.topic_prefix), partition)
    try:
        consumer = KafkaConsumer(
            **client_options(settings), group_id=None, enable_auto_commit=False, max_partition_fetch_bytes=MAX_MESSAGE_BYTES
        )
        try:
            consumer.assign([place])
            consumer.seek_to_end(place)
            consumer.position(place)
            offset, deadline = write(), time.monotonic() + seconds
            while time.monotonic() < deadline:
                for record in consumer.poll(timeout_ms=200).get(place, ()):
                    found = _outcome_in(record.value, offset)
                    if found is not None:
                        return Answer(found.outcome, found.reason)
            return Answer("pending")
        finally:
            consumer.close(autocommit=False)
    except KafkaError as error:
        raise Unavailable(f"the journal cannot be read: {error!r}") from error


def find_written(settings: Settings, topic: str, partition: int, since_millis: int, header: str, value: str) -> int | None:
    """Find a record that an earlier attempt wrote, by a header; None: it did not. Raises `Unavailable`."""
    place = TopicPartition(topic, partition)
    try:
        consumer: Any = KafkaConsumer(**client_options(settings), group_id=None, enable_auto_commit=False)
        try:
            consumer.assign([place])
            end = consumer.end_offsets([place])[place]
            first = consumer.offsets_for_times({place: since_millis - CLOCKS_APART_MILLIS})[place]
        finally:
            consumer.close(autocommit=False)
    except KafkaError as error:
        raise Unavailable(f"{topic} cannot be read: {error!r}") from error
    if first is None:
        return None
    records = read_partition(settings, topic, partition, first.offset, end)
    return next((int(one.offset) for one in records if (header, value.encode()) in one.headers), None)


def _outcome_in(value: bytes | None, offset: int) -> EventOutcome | None:
    try:
        section = decode(value or b"", Entry).outcomes
        outcomes = decode(section, OutcomeSection).items if section else []
    except MalformedRecord as error:
        raise Unavailable(f"the journal is of another version: {error}") from error
    return next((one.events[0] for one in outcomes if one.offset == offset and one.events), None)
