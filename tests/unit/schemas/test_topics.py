"""Where a project's records go."""

from __future__ import annotations

import pytest
from kafka.partitioner.default import murmur2 as kafka_murmur2

from schemas.topics import INBOX, TOPICS, murmur2, partition_of


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "shop", "acme/shop", "ü☃", "x" * 1001])
def test_hash_is_kafka_s_own(text: str) -> None:
    assert murmur2(text.encode()) == kafka_murmur2(text.encode()) & 0xFFFFFFFF


def test_published_hash_values() -> None:
    """Source: Apache Kafka's UtilsTest."""
    assert [murmur2(text) for text in (b"21", b"foobar", b"abc")] == [-973932308 & 0xFFFFFFFF, -790332482 & 0xFFFFFFFF, 479470107]


def test_projects_are_spread_over_all_partitions() -> None:
    assert {partition_of(f"project-{number}", 4) for number in range(50)} == {0, 1, 2, 3}


def test_inbox_has_the_broker_s_time_and_a_month() -> None:
    settings = INBOX.kafka_settings(min_insync_replicas=2)
    assert settings["message.timestamp.type"] == "LogAppendTime"
    assert settings["retention.ms"] == str(30 * 24 * 3600 * 1000)
    assert settings["min.insync.replicas"] == "2"


def test_every_topic_names_a_writer_and_a_reader_and_only_the_worker_writes_the_journal() -> None:
    assert all(topic.writers and topic.readers for topic in TOPICS)
    assert [topic.writers for topic in TOPICS if topic.name == "journal"] == [("worker",)]
