"""What we rely on in kafka-python 3, on a real broker. Not here: our use of it."""

from __future__ import annotations

import dataclasses
import time

import pytest
from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.partitioner.default import murmur2 as murmur2_of_the_library

from producers import connect as producers_connect
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import INBOX, JOURNAL, murmur2
from sinks import producer as sinks_producer
from tests.conftest import WALL_CLOCK_MILLIS
from tocsin.cluster import admin_client
from tocsin.embedded import topics


def consumer_of(settings: Settings, **options: object) -> KafkaConsumer:
    return KafkaConsumer(**client_options(settings), auto_offset_reset="earliest", **options)


def test_crc32c_is_there_since_checksums_in_python_cost_a_multiple() -> None:
    import crc32c

    assert crc32c.crc32c(b"123456789") == 0xE3069283


def test_an_error_of_the_library_is_an_exception_of_its_own_tree() -> None:
    assert KafkaError.__mro__[1:] == (Exception, BaseException, object)


@pytest.mark.parametrize("project", ["", "a", "shop", "shop-2", "größe", "a" * 1000])
def test_our_murmur2_is_the_librarys(project: str) -> None:
    assert murmur2(project.encode()) == murmur2_of_the_library(project.encode()) & 0xFFFFFFFF


def test_a_broker_with_log_append_time_tells_its_time_on_acknowledgement_and_to_readers(own_topics: Settings) -> None:
    name = INBOX.full_name(own_topics.topic_prefix)
    producer = KafkaProducer(**client_options(own_topics))
    told = producer.send(name, b"frame", partition=0, timestamp_ms=1).get(10)
    producer.close()
    consumer = consumer_of(own_topics, group_id=None)
    where = TopicPartition(name, 0)
    consumer.assign([where])
    consumer.seek(where, told.offset)
    (record,) = next(iter(consumer.poll(timeout_ms=10_000).values()))
    consumer.close()
    assert record.timestamp == told.timestamp
    assert record.timestamp > 1_000_000_000_000


def test_assignors_are_given_as_instances_and_a_commit_without_offsets_is_of_the_position(own_topics: Settings) -> None:
    name, group = INBOX.full_name(own_topics.topic_prefix), f"{own_topics.topic_prefix}contract"
    consumer = consumer_of(
        own_topics, group_id=group, enable_auto_commit=False, partition_assignment_strategy=[RangePartitionAssignor()]
    )
    consumer.subscribe([name])
    polled = {}
    while not polled:
        polled = consumer.poll(timeout_ms=10_000)
    consumer.commit()
    committed = {partition: consumer.committed(partition) for partition in polled}
    consumer.close()
    assert committed == {partition: records[-1].offset + 1 for partition, records in polled.items()}


def test_a_commit_keeps_metadata(own_topics: Settings) -> None:
    where, group = TopicPartition(JOURNAL.full_name(own_topics.topic_prefix), 0), f"{own_topics.topic_prefix}metadata"
    consumer = consumer_of(own_topics, group_id=group, enable_auto_commit=False)
    consumer.assign([where])
    consumer.commit({where: OffsetAndMetadata(7, "next inbox 12", -1)})
    found = consumer.committed(where, metadata=True)
    consumer.close()
    assert (found.offset, found.metadata) == (7, "next inbox 12")


def test_the_admin_client_answers_in_dicts(own_topics: Settings) -> None:
    name = INBOX.full_name(own_topics.topic_prefix)
    with admin_client(own_topics) as client:
        (topic,) = client.describe_topics([name])
    assert (topic["name"], topic["error_code"], len(topic["partitions"])) == (name, 0, own_topics.partitions)


def test_the_admin_client_gives_no_settings_and_no_error_of_a_topic_that_it_cannot_tell_of(own_topics: Settings) -> None:
    with admin_client(own_topics) as client:
        answer = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "nonsense")], config_filter="all")
    assert answer == {"topic": {"nonsense": {}}}


def test_a_member_that_polls_shortly_forgets_a_join_that_new_metadata_began(own_topics: Settings) -> None:
    """Why `sinks/journal.py` asks to be joined again itself: `need_rejoin` is about the metadata, which are new by then."""
    settings = dataclasses.replace(own_topics, topic_prefix=f"{own_topics.topic_prefix}later.")
    name, group = JOURNAL.full_name(settings.topic_prefix), f"{settings.topic_prefix}contract"
    consumer = consumer_of(settings, group_id=group, enable_auto_commit=False, allow_auto_create_topics=False)
    consumer.subscribe([name])
    try:
        while consumer._coordinator.need_rejoin():
            consumer.poll(timeout_ms=100)
        topics.create(settings, WALL_CLOCK_MILLIS, wait_seconds=60)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            consumer.poll(timeout_ms=1)
        assert (consumer.assignment(), consumer.partitions_for_topic(name)) == (set(), {0, 1, 2, 3})
    finally:
        consumer.close()


def test_a_producer_that_holds_something_raises_when_it_is_closed_and_goes_on(own_topics: Settings) -> None:
    """Why ours is a `ClosableProducer`: one that was given up must not write any more, and leaving must not fail."""
    name = JOURNAL.full_name(own_topics.topic_prefix)
    producer = KafkaProducer(**client_options(own_topics), linger_ms=60_000)
    sent = producer.send(name, b"held", partition=0)
    with pytest.raises(KafkaTimeoutError):
        producer.close(timeout=0)
    producer.flush(10)
    assert sent.get(10).offset == 0
    producer.close(timeout=1)


@pytest.mark.parametrize("kind", [producers_connect.ClosableProducer, sinks_producer.ClosableProducer])
def test_ours_ends_with_what_it_holds_unwritten(own_topics: Settings, kind: type[KafkaProducer]) -> None:
    name = JOURNAL.full_name(own_topics.topic_prefix)
    producer = kind(**client_options(own_topics), linger_ms=60_000)
    sent = producer.send(name, b"held", partition=0)
    producer.close(timeout=0)
    with pytest.raises(KafkaError):
        sent.get(10)
