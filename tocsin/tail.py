"""Reads topics as they are, for a person or a check: no group, nothing committed. Not here: any meaning of a record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from schemas.errors import Unavailable
from schemas.kafka import client_options
from schemas.settings import Settings
from tocsin.cluster import unreachable

BOOTSTRAP_MILLIS = 10_000
SILENCE_SECONDS = 15
"""Without a record for so long before the end is reached, the broker counts as gone."""


def read_partition(settings: Settings, topic: str, partition: int, start: int, end: int) -> Iterator[Any]:
    """Yield the records from `start` up to, not including, `end`; raises `Unavailable`."""
    where = TopicPartition(topic, partition)
    with _consumer(settings) as consumer:
        consumer.assign([where])
        consumer.seek(where, start)
        deadline = time.monotonic() + SILENCE_SECONDS
        while consumer.position(where) < end:  # the position, not a record: the last one may be compacted away
            records = consumer.poll(timeout_ms=500).get(where, [])
            if records:
                deadline = time.monotonic() + SILENCE_SECONDS
            elif time.monotonic() > deadline:
                raise Unavailable(f"{topic} partition {partition} gave nothing between {consumer.position(where)} and {end}")
            yield from (record for record in records if record.offset < end)


def follow(settings: Settings, topic: str, *, from_beginning: bool) -> Iterator[Any]:
    """Yield all records of a topic as they come, without end; raises `Unavailable`."""
    with _consumer(settings) as consumer:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        if not partitions:
            raise Unavailable(f"there is no topic {topic}")
        consumer.assign(partitions)
        (consumer.seek_to_beginning if from_beginning else consumer.seek_to_end)(*partitions)
        while True:
            for records in consumer.poll(timeout_ms=500).values():
                yield from records


@contextmanager
def _consumer(settings: Settings) -> Iterator[Any]:
    try:
        consumer = KafkaConsumer(
            **client_options(settings), group_id=None, auto_offset_reset="earliest", bootstrap_timeout_ms=BOOTSTRAP_MILLIS
        )
    except KafkaError as error:
        raise Unavailable(unreachable(settings)) from error
    try:
        yield consumer
    except KafkaError as error:
        raise Unavailable(f"Kafka at {settings.kafka}: {error}") from error
    finally:
        consumer.close()
