"""The producers' way to Kafka, with a client that the test plays."""

from __future__ import annotations

import asyncio

import pytest
from kafka.errors import KafkaTimeoutError
from structlog.testing import capture_logs

from producers.inbox import NO_EVENTS, STALE_SECONDS, KafkaInbox
from producers.inbox_of_loop import InboxOfLoop
from producers.oversize import Answer
from schemas.topics import EVENTS_HEADER
from tests.unit.producers.stage import METADATA, FakeProducer, Stage


def test_acknowledged_record_settles_with_what_the_broker_says_of_it() -> None:
    stage = Stage([FakeProducer()])
    assert not stage.inbox.is_answering
    stage.send()
    stage.now = 0.5
    assert stage.producers[0].sent == [("inbox", 2, b"frame", [(EVENTS_HEADER, NO_EVENTS)])]
    stage.acknowledge()
    assert (stage.settled, stage.counted, stage.inbox.is_answering) == ([METADATA], [0.5], True)
    stage.now = 5.5
    assert not stage.inbox.is_answering


@pytest.mark.parametrize("error", [KafkaTimeoutError("late"), ValueError("no such partition"), None])
def test_record_that_fails_settles_with_nothing(error: Exception | None) -> None:
    stage = Stage([FakeProducer(error)])
    with capture_logs() as logs:
        stage.send()
        for future in stage.producers[0].futures:
            future.errbacks[0](KafkaTimeoutError("late"))
    assert (stage.settled, stage.counted) == ([None], ["lost"])
    assert [line["event"] for line in logs] == ["record_unacknowledged"]


def test_nothing_is_sent_before_there_is_a_connection() -> None:
    inbox, settled = KafkaInbox("inbox", FakeProducer), list[Answer]()
    with capture_logs() as logs:
        inbox.send(2, b"frame", settled.append)
    assert (settled, logs[0]["reason"]) == ([None], "not connected to Kafka yet")


def test_producer_with_nothing_acknowledged_for_a_minute_is_replaced_and_what_it_held_given_up() -> None:
    stage = Stage([FakeProducer(), FakeProducer()])
    stage.send()
    stage.now = STALE_SECONDS
    stage.inbox.replace_if_stuck()
    assert stage.settled == []
    stage.now += 0.1
    with capture_logs():
        stage.inbox.replace_if_stuck()
    stage.send()
    assert (stage.settled, stage.producers[0].closed, len(stage.producers[1].sent)) == ([None], [0], 1)
    assert stage.counted == ["replaced", "lost"]
    stage.acknowledge(1)
    assert stage.settled == [None, METADATA]


def test_late_answers_of_a_replaced_producer_change_nothing() -> None:
    stage = Stage([FakeProducer(), FakeProducer()])
    stage.send()
    stage.now = 1000.0
    with capture_logs():
        stage.inbox.replace_if_stuck()
    stage.acknowledge()
    stage.producers[0].futures[0].errbacks[0](KafkaTimeoutError("late"))
    assert (stage.settled, stage.counted, stage.inbox.is_answering) == ([None], ["replaced", "lost"], False)


def test_producer_that_recovers_while_its_successor_connects_stays() -> None:
    stage = Stage([FakeProducer(), FakeProducer()])
    stage.send()
    stage.now, stage.while_connecting = 1000.0, stage.acknowledge
    stage.inbox.replace_if_stuck()
    assert (stage.settled, [producer.closed for producer in stage.producers]) == ([METADATA], [[], [0]])


def test_producer_is_kept_while_no_broker_answers_and_when_it_has_nothing_to_send() -> None:
    stage = Stage([FakeProducer()])
    stage.send()
    stage.now = 100.0
    stage.inbox.replace_if_stuck()
    assert (stage.settled, stage.producers[0].closed) == ([], [])
    idle = Stage([FakeProducer(), FakeProducer()], now=1000.0)
    idle.inbox.replace_if_stuck()
    assert idle.producers[0].closed == []


def test_event_loop_is_given_answers_that_come_in_another_thread() -> None:
    stage = Stage([FakeProducer(), FakeProducer()])
    of_loop = InboxOfLoop(stage.inbox)

    async def send() -> list[Answer]:
        good, bad = of_loop.send(2, b"frame"), of_loop.send(2, b"frame", b'{"shop": 1}')
        await asyncio.to_thread(stage.acknowledge)
        await asyncio.to_thread(stage.producers[0].futures[1].errbacks[0], KafkaTimeoutError("late"))
        return [await good, await bad]

    with capture_logs():
        assert asyncio.run(send()) == [METADATA, None]
    assert stage.producers[0].sent[1][3] == [(EVENTS_HEADER, b'{"shop": 1}')]


def test_answer_that_nobody_waits_for_any_more_breaks_nothing() -> None:
    stage, faults = Stage([FakeProducer()]), list[object]()

    async def send_and_leave() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        InboxOfLoop(stage.inbox).send(2, b"frame").cancel()
        stage.acknowledge()
        await asyncio.sleep(0)
        InboxOfLoop(stage.inbox).send(2, b"frame")

    asyncio.run(send_and_leave())
    stage.producers[0].futures[1].callbacks[0](METADATA)
    assert (stage.counted, faults) == ([0.0, 0.0], [])
