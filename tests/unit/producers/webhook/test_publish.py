"""How long a request waits for Kafka, and what it is told; door ticks."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from producers.webhook.cut import Piece, cut_request
from producers.webhook.formats.parsed import Parsed
from producers.webhook.publish import Publisher
from producers.webhook.refused import NotDurable
from producers.webhook.ticks import DoorTicks
from schemas.limits import Limits
from schemas.records import Frame, Refusal, Tick
from schemas.topics import partition_of
from tests.unit.producers.webhook.doors import a_door
from tests.unit.producers.webhook.fakes import Acknowledged, FakeInbox, in_loop, until


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
    first = asyncio.create_task(publisher.publish([Piece(piece.batch, Limits().max_unacknowledged_bytes)]))
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
    inbox.waiting.pop().set_result(Acknowledged())
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
    inbox.waiting.pop(0).set_result(None)
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


@in_loop
async def test_a_door_that_refuses_for_want_of_room_does_not_tick_so_that_no_alert_is_absent() -> None:
    inbox, refusing = FakeInbox(), [True, True, False]
    ticks = DoorTicks(inbox, 1, lambda: 1234, lambda: refusing.pop(0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("producers.webhook.ticks.TICK_SECONDS", 0.001)
        running = asyncio.create_task(ticks.run())
        await until(lambda: bool(inbox.sent))
        ticks.stop()
        await running
    assert (len(inbox.sent), refusing) == (1, [])
