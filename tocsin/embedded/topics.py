"""Creates the topics that `schemas/topics.py` declares, opens the inbox and publishes the schemas. Safe to repeat.

Works on any cluster, not only on the embedded one. Not here: what the topics are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from schemas.codec import SCHEMA_FILES, encode, schema_of
from schemas.errors import OperatorError, Unavailable
from schemas.kafka import client_options
from schemas.records import Frame, Tick
from schemas.settings import Settings
from schemas.topics import INBOX, SCHEMAS, TOPICS, Topic
from tocsin.cluster import admin_client, end_offsets, partitions_of
from tocsin.topic_check import find_differences, refuse_what_breaks
from tocsin.topic_mending import mend_topics

ACKNOWLEDGE_SECONDS = 10
VISIBLE_SECONDS = 10
"""How long a new topic may take until the broker that we ask shows it."""


def create(
    settings: Settings,
    wall_clock_millis: int,
    wait_seconds: float = 10,
    *,
    mends: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> list[str]:
    """Create what is missing; give the full names of what was created. Says how existing topics differ from what is declared.

    Raises `OperatorError` when a topic differs so that a promise would not hold; with `mends`, only when that cannot be mended.
    Raises `Unavailable` when the cluster does not answer within `wait_seconds`.
    """
    _refuse_more_in_sync_than_there_are(settings)
    declared = {topic.full_name(settings.topic_prefix): topic for topic in TOPICS}
    with admin_client(settings, wait_seconds) as client:
        differences = find_differences(client, settings, TOPICS)
        if mends:
            broken = [difference for difference in differences if difference.weight == "breaks"]
            for line in mend_topics(client, settings, broken):
                say(line)
            differences = [difference for difference in differences if difference not in broken]
        refuse_what_breaks(differences)
        for difference in differences:
            say(str(difference))
        existing = partitions_of(client, list(declared))
        missing = [name for name in declared if name not in existing]
        for name in missing:
            _create_one(client, name, declared[name], settings)
        _wait_until(lambda: len(partitions_of(client, list(declared))) == len(declared))
        open_inbox(client, settings, wall_clock_millis)
        publish_schemas(client, settings)
    return missing


def open_inbox(client: KafkaAdminClient, settings: Settings, wall_clock_millis: int) -> None:
    """Write a `Tick` to each inbox partition that is empty.

    So the worker never has to commit offset 0, after which Faust may leave the partition unread (ADR on Faust's rules).
    """
    name = INBOX.full_name(settings.topic_prefix)
    ends = end_offsets(client, {name: settings.partitions})
    opening = encode(Frame([Tick(at=wall_clock_millis, source="opening")]))
    empty = [partition for (_, partition), end in ends.items() if end == 0]
    _send(settings, [{"topic": name, "partition": partition, "value": opening} for partition in empty])


def publish_schemas(client: KafkaAdminClient, settings: Settings) -> None:
    """Write each schema's text under its fingerprint, for readers without a registry; only when there are new ones."""
    name = SCHEMAS.full_name(settings.topic_prefix)
    end = end_offsets(client, {name: 1})[name, 0]
    known = _keys(settings, name, end)
    schemas = [schema_of(record) for record in SCHEMA_FILES]
    records = [(schema.fingerprint.hex().encode(), schema.text.encode()) for schema in schemas]
    _send(settings, [{"topic": name, "key": key, "value": text} for key, text in records if key not in known])


def _refuse_more_in_sync_than_there_are(settings: Settings) -> None:
    wanted, copies = settings.kafka_min_insync_replicas, settings.kafka_replication_factor
    if wanted > copies:
        raise OperatorError(
            f"TOCSIN_KAFKA_MIN_INSYNC_REPLICAS is {wanted} and TOCSIN_KAFKA_REPLICATION_FACTOR is {copies}: "
            "no record could be written"
        )


def _create_one(client: KafkaAdminClient, name: str, topic: Topic, settings: Settings) -> None:
    options = {
        "num_partitions": topic.partitions or settings.partitions,
        "replication_factor": settings.kafka_replication_factor,
        "configs": topic.kafka_settings(settings.kafka_min_insync_replicas),
    }
    try:
        client.create_topics({name: options})
    except TopicAlreadyExistsError:
        pass  # another `topics create` was quicker; the next run checks its partition count


def _send(settings: Settings, records: list[dict[str, Any]]) -> None:
    """Send records and wait for all to be acknowledged; raises `Unavailable`."""
    if not records:
        return
    producer = KafkaProducer(**client_options(settings))
    try:
        for future in [producer.send(**record) for record in records]:
            future.get(ACKNOWLEDGE_SECONDS)
    except KafkaError as error:
        raise Unavailable(f"Kafka at {settings.kafka} did not acknowledge: {error}") from error
    finally:
        producer.close()


def _keys(settings: Settings, topic: str, end: int) -> set[bytes]:
    from tocsin.tail import read_partition

    return {record.key for record in read_partition(settings, topic, 0, 0, end) if record.key is not None}


def _wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + VISIBLE_SECONDS
    while not is_true():
        if time.monotonic() > deadline:
            raise Unavailable("the new topics do not show up in the cluster")
        time.sleep(0.05)
