"""What each client does after Kafka has refused one record for good, and that ours goes on all the same. On a real broker.

The first test of each pair states the library's fault, so that we hear of it when it is mended; the second is our cure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError as AioTooLarge
from aiokafka.errors import OutOfOrderSequenceNumber
from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError
from structlog.testing import capture_logs

from processors.entry_producer import EntryProducer
from producers.inbox import Counted, KafkaInbox
from producers.open_inbox import open_inbox
from producers.oversize import Answer, Oversize, is_written
from schemas.codec import decode
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.sink_records import DeadLetter
from schemas.topics import DEAD_LETTERS, INBOX, JOURNAL, LEDGER, Topic
from sinks.compacted import Change, CompactedTopic
from sinks.dead_letters import DeadLetterTopic
from sinks.sink import NotTaken
from tests.limits import configure, set_limit
from tests.servers import wait_until
from tocsin.cluster import admin_client, end_offsets
from tocsin.tail import read_partition

LIMIT = 3_000
SMALL, LARGE = b"s" * 100, b"l" * 8_000


def name_of(settings: Settings, topic: Topic) -> str:
    return topic.full_name(settings.topic_prefix)


def low(settings: Settings, topic: Topic) -> str:
    """Lower the topic's limit; give its name."""
    set_limit(settings, name_of(settings, topic), LIMIT)
    return name_of(settings, topic)


# -- kafka-python: inbox, compacted topics, dead letters ------------------------


def test_kafka_python_fails_every_later_record_with_the_error_of_the_one_that_was_refused(own_topics: Settings) -> None:
    topic = low(own_topics, INBOX)
    producer = KafkaProducer(**client_options(own_topics))
    errors: list[BaseException] = []
    for partition, value in ((0, SMALL), (1, LARGE), (0, SMALL), (1, SMALL)):
        try:
            producer.send(topic, value, partition=partition).get(10)
        except MessageSizeTooLargeError as error:
            errors.append(error)
    producer.close(timeout=0)
    assert len(errors) == 3
    assert all(error is errors[0] for error in errors)  # by which `producers/refusals.py` tells the first from the others


def test_kafka_python_without_idempotence_goes_on(own_topics: Settings) -> None:
    topic = low(own_topics, INBOX)
    producer = KafkaProducer(**client_options(own_topics), enable_idempotence=False)
    with pytest.raises(MessageSizeTooLargeError):
        producer.send(topic, LARGE, partition=0).get(10)
    assert producer.send(topic, SMALL, partition=0).get(10).offset == 1
    producer.close()


@pytest.fixture
def inbox(own_topics: Settings) -> Iterator[KafkaInbox]:
    counts.clear()
    inbox = open_inbox(own_topics, Counted(refused=counts.append))
    inbox.connect()
    yield inbox
    inbox.close(1)


counts: list[str] = []


def ask(inbox: KafkaInbox, *sent: tuple[int, bytes]) -> list[Answer]:
    """Send all at once; give what became of each."""
    answers: dict[int, Answer] = {}
    for place, (partition, value) in enumerate(sent):
        inbox.send(partition, value, partial(answers.__setitem__, place))
    wait_until(lambda: len(answers) == len(sent), "each record is settled", 10)
    return [answers[place] for place in range(len(sent))]


def test_the_inbox_goes_on_after_a_refusal_learns_the_limit_and_forgets_it(own_topics: Settings, inbox: KafkaInbox) -> None:
    topic = low(own_topics, INBOX)
    with capture_logs():
        assert [is_written(answer) for answer in ask(inbox, (0, SMALL))] == [True]
        assert ask(inbox, (0, LARGE)) == [Oversize(topic, None)]
        assert [is_written(answer) for answer in ask(inbox, (0, SMALL), (1, SMALL), (2, SMALL))] == [True] * 3
        assert ask(inbox, (0, LARGE)) == [Oversize(topic, LIMIT)]  # not sent any more, so that it costs no producer
        assert (counts, f"at most {LIMIT:,} bytes" in inbox.trouble) == (["MessageSizeTooLargeError"], True)
        set_limit(own_topics, topic)
        wait_until(lambda: inbox.look_after() is None and not inbox.trouble, "the limit is seen to be gone", 10)
        assert [is_written(answer) for answer in ask(inbox, (0, LARGE))] == [True]


def test_what_is_sent_while_a_producer_is_replaced_is_written_in_its_order(own_topics: Settings, inbox: KafkaInbox) -> None:
    topic = low(own_topics, INBOX)
    with capture_logs():
        first = ask(inbox, (0, LARGE))  # what comes next meets a producer that is done for, or none
        answers = ask(inbox, *[(0, b"%d" % number) for number in range(50)])
    assert (first, [is_written(answer) for answer in answers]) == ([Oversize(topic, None)], [True] * 50)
    assert [record.value for record in read_partition(own_topics, topic, 0, 1, 51)] == [b"%d" % number for number in range(50)]


def test_the_inbox_goes_on_after_refusals_that_are_no_records_fault(own_topics: Settings, inbox: KafkaInbox) -> None:
    topic = name_of(own_topics, INBOX)

    def answer() -> Answer:
        return ask(inbox, (0, SMALL))[0]

    with capture_logs():
        configure(own_topics, topic, {"cleanup.policy": "compact"})  # such a topic takes no record without a key
        wait_until(lambda: not is_written(answer()), "records are refused", 10)
        assert (answer(), inbox.trouble) == (None, f"Kafka refuses what is sent to {topic}: InvalidRecordError")
        configure(own_topics, topic, {"cleanup.policy": "delete"})
        wait_until(lambda: is_written(answer()), "records are taken again", 10)
    assert (inbox.trouble, set(counts)) == ("", {"InvalidRecordError"})


def test_a_compacted_topic_is_written_by_another_producer_after_a_refusal(own_topics: Settings) -> None:
    topic = low(own_topics, LEDGER)
    store = CompactedTopic(own_topics, LEDGER)
    store.load([0])
    with pytest.raises(NotTaken, match=rf"refuses a record of {topic}, the largest of 8,001 bytes: max.message.bytes is lower"):
        store.write([Change(0, "k", LARGE)])
    store.load([0])
    store.write([Change(0, "k", SMALL)])
    set_limit(own_topics, topic)
    store.write([Change(0, "k", LARGE)])
    assert store.load([0]) == {"k": LARGE}
    store.close()


def test_a_dead_letter_that_is_too_large_is_kept_without_its_original(own_topics: Settings) -> None:
    low(own_topics, DEAD_LETTERS)
    topic = DeadLetterTopic(own_topics)
    with capture_logs():
        topic.write(DeadLetter("journal", 0, 7, "sink-slack", "gone", 1, LARGE))
    topic.write(DeadLetter("journal", 0, 8, "sink-slack", "gone", 1, SMALL))
    topic.close()
    ends = _ends(own_topics, DEAD_LETTERS)
    found = [
        decode(record.value, DeadLetter)
        for partition, end in ends.items()
        for record in read_partition(own_topics, name_of(own_topics, DEAD_LETTERS), partition, 0, end)
    ]
    said = "gone (the original, 8,000 bytes, is larger than Kafka takes and is not kept)"
    assert [(letter.reason, letter.original) for letter in found] == [(said, b""), ("gone", SMALL)]


# -- aiokafka: the journal -------------------------------------------------------


def run(play: Callable[[], object]) -> None:
    async def with_a_deadline() -> None:
        async with asyncio.timeout(30):
            await play()  # type: ignore[misc]

    with capture_logs():
        asyncio.run(with_a_deadline())


def test_aiokafka_refuses_a_partition_for_ever_after_one_refused_record(own_topics: Settings) -> None:
    topic = low(own_topics, JOURNAL)

    async def play() -> None:
        producer = AIOKafkaProducer(**client_options(own_topics), acks="all", enable_idempotence=True)
        await producer.start()
        try:
            await producer.send_and_wait(topic, SMALL, partition=0)
            with pytest.raises(AioTooLarge):
                await producer.send_and_wait(topic, LARGE, partition=0)
            for _ in range(2):
                with pytest.raises(OutOfOrderSequenceNumber):
                    await producer.send_and_wait(topic, SMALL, partition=0)
            assert (await producer.send_and_wait(topic, SMALL, partition=1)).offset == 0
        finally:
            await producer.stop()

    run(play)


def test_an_entry_that_is_refused_is_written_when_it_can_be_and_the_other_partitions_go_on(own_topics: Settings) -> None:
    topic = low(own_topics, JOURNAL)

    async def play() -> None:
        producer = EntryProducer(client_options(own_topics), topic)
        assert await producer.append(0, SMALL) == 0  # else the broker takes any sequence number for the first one
        refused = asyncio.create_task(producer.append(0, LARGE))
        await asyncio.to_thread(wait_until, lambda: bool(producer.trouble), "the entry is refused")
        assert producer.trouble == (f"Kafka refuses partition 0 an entry of 8,000 bytes: max.message.bytes of {topic} is lower")
        assert [await producer.append(1, SMALL) for _ in range(5)] == [0, 1, 2, 3, 4]
        assert not refused.done()
        await asyncio.to_thread(set_limit, own_topics, topic)
        assert (await refused, await producer.append(0, SMALL), producer.trouble) == (1, 2, "")
        await producer.stop()

    run(play)


def test_an_entry_on_its_way_when_anothers_is_refused_is_written(own_topics: Settings) -> None:
    topic = low(own_topics, JOURNAL)

    async def play() -> None:
        producer = EntryProducer(client_options(own_topics), topic)
        refused = asyncio.create_task(producer.append(0, LARGE))
        written = await asyncio.gather(*(producer.append(partition, SMALL) for partition in (1, 2, 3)))
        refused.cancel()
        await asyncio.wait([refused])
        assert (written, producer.trouble) == ([0, 0, 0], "")
        await producer.stop()

    run(play)


def _ends(settings: Settings, topic: Topic) -> dict[int, int]:
    with admin_client(settings) as client:
        found = end_offsets(client, {name_of(settings, topic): settings.partitions})
    return {partition: end for (_, partition), end in found.items()}
