"""That each client reads what a broker has compressed, by each of Kafka's codecs. Not here: the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import metadata

import aiokafka.codec
import kafka.codec
import pytest
from aiokafka import AIOKafkaConsumer
from kafka import KafkaProducer

from processors.recovery import LogReader
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import CONFIG
from tests.servers import change_topic
from tocsin.tail import read_partition

CODECS = ("uncompressed", "gzip", "snappy", "lz4", "zstd")
VALUES = [b"one alert " * 100, b"another " * 1000, b"a third " * 10]
Read = Callable[[Settings, str], list[bytes | None]]


def by_kafka_python(settings: Settings, topic: str) -> list[bytes | None]:
    return [record.value for record in read_partition(settings, topic, 0, 0, len(VALUES))]


def by_aiokafka(settings: Settings, topic: str) -> list[bytes | None]:
    """By the reader that the worker recovers with."""

    async def play() -> list[bytes | None]:
        reader = LogReader(client_options(settings))
        return [record.value async for records in reader.read(topic, 0, 0, len(VALUES)) for record in records]

    return asyncio.run(play())


def by_a_group_of_aiokafka(settings: Settings, topic: str) -> list[bytes | None]:
    """As Faust reads: its consumer is this one."""

    async def play() -> list[bytes | None]:
        consumer = AIOKafkaConsumer(
            topic, **client_options(settings), group_id=f"{settings.topic_prefix}codecs", auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            return [(await consumer.getone()).value for _ in VALUES]
        finally:
            await consumer.stop()

    return asyncio.run(play())


@pytest.mark.parametrize("codec", CODECS)
def test_each_client_reads_what_a_broker_has_compressed(own_topics: Settings, codec: str) -> None:
    change_topic(own_topics, CONFIG, compression_type=codec)
    topic = CONFIG.full_name(own_topics.topic_prefix)
    producer = KafkaProducer(**client_options(own_topics))
    for value in VALUES:
        producer.send(topic, value, key=b"any", partition=0)
    producer.close()
    for read in (by_kafka_python, by_aiokafka, by_a_group_of_aiokafka):
        assert read(own_topics, topic) == VALUES, f"{read.__name__} of {codec}"


@pytest.mark.parametrize("codec", [kafka.codec, aiokafka.codec], ids=["kafka-python", "aiokafka"])
def test_each_client_finds_the_packages_that_its_codecs_need(codec: object) -> None:
    assert [name for name in ("gzip", "snappy", "lz4", "zstd") if not getattr(codec, f"has_{name}")()] == []


def test_the_product_asks_for_these_packages_itself() -> None:
    asked = [text for text in metadata.requires("tocsin") or () if text.startswith(("kafka-python", "aiokafka"))]
    assert sorted(asked) == ["aiokafka[lz4,snappy,zstd]==0.14.0", "kafka-python[crc32c,lz4,snappy,zstd]==3.0.12"]
