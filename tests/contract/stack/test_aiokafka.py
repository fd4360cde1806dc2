"""What recovery and writing rely on in aiokafka, on a real broker. Not here: the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from processors.entry_producer import EntryProducer
from processors.recovery import Bounds, LogReader
from schemas.errors import BrokenChain, Unavailable
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import JOURNAL
from tests.servers import with_prefix
from tocsin.cluster import admin_client

R = TypeVar("R")


def journal_of(settings: Settings) -> str:
    return JOURNAL.full_name(settings.topic_prefix)


def run(play: Callable[[], Awaitable[R]]) -> R:
    async def with_a_deadline() -> R:
        async with asyncio.timeout(30):
            return await play()

    return asyncio.run(with_a_deadline())


async def read_all(settings: Settings, start: int, stop: int) -> list[tuple[int, bytes | None]]:
    reader = LogReader(client_options(settings))
    batches = [batch async for batch in reader.read(journal_of(settings), 0, start, stop)]
    return [(record.offset, record.value) for batch in batches for record in batch]


def test_a_reader_comes_to_the_end_of_a_log_that_ends_with_a_transactions_marker(own_topics: Settings) -> None:
    async def play() -> Any:
        producer = AIOKafkaProducer(**client_options(own_topics), transactional_id=f"{own_topics.topic_prefix}contract")
        await producer.start()
        async with producer.transaction():
            await producer.send_and_wait(journal_of(own_topics), b"in a transaction", partition=0)
        await producer.stop()
        reader = LogReader(client_options(own_topics))
        while await reader.bounds(journal_of(own_topics), 0) != Bounds(0, 2):
            pass  # the marker is written after the commit was acknowledged
        return await read_all(own_topics, 0, 2)

    assert run(play) == [(0, b"in a transaction")]


def test_a_range_is_read_without_what_follows_it(own_topics: Settings) -> None:
    async def play() -> Any:
        producer = EntryProducer(client_options(own_topics), journal_of(own_topics))
        offsets = [await producer.append(0, value) for value in (b"a", b"b", b"c", b"d")]
        await producer.stop()
        return offsets, await read_all(own_topics, 1, 3)

    assert run(play) == ([0, 1, 2, 3], [(1, b"b"), (2, b"c")])


def test_a_range_whose_beginning_is_deleted_cannot_be_read(own_topics: Settings) -> None:
    from kafka import TopicPartition as AdminPartition

    async def write() -> None:
        producer = EntryProducer(client_options(own_topics), journal_of(own_topics))
        for value in (b"a", b"b", b"c"):
            await producer.append(0, value)
        await producer.stop()

    run(write)
    with admin_client(own_topics) as client:
        client.delete_records({AdminPartition(journal_of(own_topics), 0): 2})
    with pytest.raises(BrokenChain, match="no longer holds what must be read"):
        run(lambda: read_all(own_topics, 0, 3))
    assert run(lambda: LogReader(client_options(own_topics)).bounds(journal_of(own_topics), 0)) == Bounds(2, 3)


def test_an_empty_commit_raises_and_would_kill_fausts_consumer(own_topics: Settings) -> None:
    async def play() -> None:
        consumer = AIOKafkaConsumer(**client_options(own_topics), group_id=f"{own_topics.topic_prefix}contract")
        consumer.assign([TopicPartition(journal_of(own_topics), 0)])
        await consumer.start()
        try:
            with pytest.raises(ValueError, match=r"\{\}"):
                await consumer.commit({})
        finally:
            await consumer.stop()

    run(play)


def test_a_consumer_stopped_before_it_has_begun_cancels_whoever_stops_it(own_topics: Settings) -> None:
    async def play() -> None:
        consumer = AIOKafkaConsumer(**client_options(own_topics), group_id=None)
        consumer.assign([TopicPartition(journal_of(own_topics), 0)])
        await consumer.start()
        try:
            with pytest.raises(asyncio.CancelledError):
                await consumer.stop()
        finally:
            await consumer._client.close()

    run(play)


@pytest.mark.parametrize("ask", ["read", "append"])
def test_a_broker_that_is_not_there_is_unavailable(ask: str) -> None:
    nowhere = with_prefix(Settings(kafka="127.0.0.1:1"), "nowhere.")

    async def play() -> None:
        if ask == "append":
            await EntryProducer(client_options(nowhere), "journal").append(0, b"entry")
        else:
            await LogReader(client_options(nowhere)).bounds("journal", 0)

    with pytest.raises(Unavailable):
        run(play)
