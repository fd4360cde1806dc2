"""How long a request waits for Kafka, and what it is told; door ticks; the producer's replacement."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from producers.connect import Metadata
from producers.webhook import publish
from producers.webhook.cut import Piece, cut_request
from producers.webhook.formats.parsed import Parsed
from producers.webhook.inbox import STALE_SECONDS, KafkaInbox
from producers.webhook.publish import Publisher
from producers.webhook.refused import NotDurable
from producers.webhook.ticks import DoorTicks
from schemas.errors import Unavailable
from schemas.records import Frame, Refusal, Tick
from schemas.topics import partition_of
from tests.unit.producers.webhook.doors import a_door
from tests.unit.producers.webhook.fakes import FakeInbox, in_loop, until


def a_request(project: str = "shop") -> list[Piece]:
    return cut_request(replace(a_door(), project=project), "R", Parsed("generic", [], [Refusal(0, "r")]))


@in_loop
async def test_a_request_is_durable_when_its_projects_partition_has_it() -> None:
    inbox = FakeInbox()
    publisher = Publisher(inbox, 4)
    projects = ["a", "b", "c", "d", "e", "f"]
    for project in projects:
        await publisher.publish(a_request(project))
    assert [partition for partition, _, _ in inbox.sent] == [partition_of(project, 4) for project in projects]
    assert inbox.batches() == [piece.batch for project in projects for piece in a_request(project)]


@in_loop
async def test_a_request_of_nothing_is_durable_at_once() -> None:
    inbox = FakeInbox(acknowledges=False)
    await Publisher(inbox, 4).publish([])
    assert inbox.sent == []


@in_loop
async def test_a_request_that_is_not_acknowledged_in_time_may_still_have_been_written() -> None:
    publisher = Publisher(FakeInbox(acknowledges=False), 4, patience_seconds=0.01)
    with pytest.raises(NotDurable, match="may still have been written"):
        await publisher.publish(a_request())


@in_loop
async def test_a_request_that_kafka_gave_up_is_not_durable() -> None:
    inbox = FakeInbox(acknowledges=False)
    waiting = asyncio.create_task(Publisher(inbox, 4).publish(a_request()))
    await until(lambda: bool(inbox.waiting))
    inbox.settle(False)
    with pytest.raises(NotDurable):
        await waiting


@in_loop
async def test_a_full_queue_refuses_at_once_and_takes_again_when_it_is_empty() -> None:
    inbox = FakeInbox(acknowledges=False)
    publisher = Publisher(inbox, 4)
    (piece,) = a_request()
    first = asyncio.create_task(publisher.publish([Piece(piece.batch, publish.MAX_UNACKNOWLEDGED_BYTES)]))
    await until(lambda: bool(inbox.waiting))
    with pytest.raises(NotDurable, match="nothing of this request was written"):
        await publisher.publish([piece])
    inbox.settle(True)
    await first
    assert publisher.unacknowledged_bytes == 0
    inbox.acknowledges = True
    await publisher.publish([piece])


@in_loop
async def test_a_door_is_open_when_every_partition_has_its_tick() -> None:
    inbox = FakeInbox(acknowledges=False)
    ticks = DoorTicks(inbox, 2, lambda: 1234)
    ticks.tick()
    assert inbox.sent == [(partition, Frame([Tick(1234, "door")]), {}) for partition in (0, 1)]
    inbox.waiting.pop().set_result(True)
    await asyncio.sleep(0)
    assert not ticks.is_open
    inbox.settle(True)
    await until(lambda: ticks.is_open)


@in_loop
async def test_a_tick_that_kafka_gave_up_opens_no_door() -> None:
    inbox = FakeInbox(acknowledges=False)
    ticks = DoorTicks(inbox, 1, lambda: 1234)
    ticks.tick()
    inbox.settle(False)
    await asyncio.sleep(0)
    assert not ticks.is_open


@in_loop
async def test_a_partition_that_does_not_acknowledge_gets_no_second_tick() -> None:
    inbox = FakeInbox(acknowledges=False)
    ticks = DoorTicks(inbox, 2, lambda: 1234)
    ticks.tick()
    inbox.waiting.pop(0).set_result(False)
    await asyncio.sleep(0)
    ticks.tick()
    assert [partition for partition, _, _ in inbox.sent] == [0, 1, 0]
    assert not ticks.is_open


@in_loop
async def test_a_stopped_door_is_closed_and_ticks_no_more() -> None:
    inbox = FakeInbox()
    ticks = DoorTicks(inbox, 1, lambda: 1234)
    running = asyncio.create_task(ticks.run())
    await until(lambda: ticks.is_open)
    ticks.stop()
    await running
    assert (ticks.is_open, len(inbox.sent)) == (False, 1)


NO_HEADERS: list[tuple[str, bytes]] = []


@dataclass
class FakeSent:
    callbacks: list[Callable[[Any], None]] = field(default_factory=list)
    errbacks: list[Callable[[BaseException], None]] = field(default_factory=list)

    def add_callback(self, call: Callable[[Any], None]) -> None:
        self.callbacks.append(call)

    def add_errback(self, call: Callable[[BaseException], None]) -> None:
        self.errbacks.append(call)

    def get(self, timeout: float | None = None) -> Metadata:
        raise AssertionError("the event loop must not wait for a record")


@dataclass
class FakeProducer:
    """kafka-python's producer without a broker."""

    fails_with: Exception | None = None
    sent: list[FakeSent] = field(default_factory=list)
    is_closed: bool = False

    def send(
        self, topic: str, *, key: bytes | None = None, value: bytes, partition: int, headers: list[tuple[str, bytes]] = NO_HEADERS
    ) -> FakeSent:
        if self.fails_with is not None:
            raise self.fails_with
        self.sent.append(FakeSent())
        return self.sent[-1]

    def close(self, timeout: float | None = None) -> None:
        self.is_closed = True


@dataclass
class World:
    """An inbox on fake producers and a clock that is set."""

    now: float = 1000.0
    is_up: bool = True
    while_connecting: Callable[[], None] = lambda: None
    producers: list[FakeProducer] = field(default_factory=list)

    def connect(self) -> FakeProducer:
        if not self.is_up:
            raise Unavailable("no Kafka")
        self.while_connecting()
        self.producers.append(FakeProducer())
        return self.producers[-1]

    def inbox(self) -> KafkaInbox:
        inbox = KafkaInbox("inbox", self.connect, lambda: self.now)
        inbox.connect()
        return inbox


@in_loop
async def test_an_acknowledgement_and_a_failure_reach_whoever_waits() -> None:
    world = World()
    inbox = world.inbox()
    good, bad = inbox.send(0, b"v", b"{}"), inbox.send(0, b"v", b"{}")
    world.producers[0].sent[0].callbacks[0](None)
    world.producers[0].sent[1].errbacks[0](KafkaTimeoutError("late"))
    assert (await good, await bad) == (True, False)


@in_loop
async def test_an_error_of_kafkas_client_is_not_acknowledged() -> None:
    world = World()
    inbox = world.inbox()
    world.producers[0].fails_with = KafkaTimeoutError("no metadata")
    assert await inbox.send(0, b"v", b"{}") is False


@in_loop
async def test_a_broker_answers_while_it_acknowledges() -> None:
    world = World()
    inbox = world.inbox()
    assert not inbox.is_answering
    done = inbox.send(0, b"v", b"{}")
    world.producers[0].sent[0].callbacks[0](None)
    assert await done
    assert inbox.is_answering
    world.now += 6
    assert not inbox.is_answering


@in_loop
async def test_a_producer_that_is_stuck_for_a_minute_is_replaced_and_what_it_held_given_up() -> None:
    world = World()
    inbox = world.inbox()
    done = inbox.send(0, b"v", b"{}")
    world.now += STALE_SECONDS
    await inbox.check()
    assert len(world.producers) == 1
    world.now += 1
    await inbox.check()
    assert await done is False
    assert [producer.is_closed for producer in world.producers] == [True, False]
    later = inbox.send(0, b"v", b"{}")
    world.producers[1].sent[0].callbacks[0](None)
    assert await later


@in_loop
async def test_a_producer_that_recovers_while_its_successor_connects_stays() -> None:
    world = World()
    inbox = world.inbox()
    done = inbox.send(0, b"v", b"{}")
    world.now += 1000
    world.while_connecting = lambda: world.producers[0].sent[0].callbacks[0](None)
    await inbox.check()
    assert await done
    assert [producer.is_closed for producer in world.producers] == [False, True]


@in_loop
async def test_while_the_broker_does_not_answer_the_producer_stays() -> None:
    world = World()
    inbox = world.inbox()
    done = inbox.send(0, b"v", b"{}")
    world.now, world.is_up = world.now + 1000, False
    await inbox.check()
    assert not done.done()
    world.producers[0].sent[0].callbacks[0](None)
    assert await done


@in_loop
async def test_a_producer_with_nothing_to_send_is_never_stuck() -> None:
    world = World()
    inbox = world.inbox()
    world.now += 1000
    await inbox.check()
    assert len(world.producers) == 1


@in_loop
async def test_a_late_acknowledgement_of_a_replaced_producer_changes_nothing() -> None:
    world = World()
    inbox = world.inbox()
    done = inbox.send(0, b"v", b"{}")
    world.now += 1000
    await inbox.check()
    world.producers[0].sent[0].callbacks[0](None)
    await asyncio.sleep(0)
    assert (await done, inbox.is_answering) == (False, False)
