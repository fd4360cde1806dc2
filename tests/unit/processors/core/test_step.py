"""One inbox record through the core: what is rejected, how time moves, how a configuration arrives."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from processors.core import deduplicate, event
from schemas.codec import encode
from schemas.configuration import PartitionConfiguration, Project, pack
from schemas.records import Command, Configuration, EventOutcome, Frame, Refusal, Tick
from tests.world import EPOCH, PROJECT, World, batch, configured, millis


def outcomes(world: World) -> list[EventOutcome]:
    return [one for outcome in world.run().outcomes for one in outcome.events]


def test_refusals_of_the_door_are_rejected_in_the_order_of_the_request() -> None:
    world = World()
    sent = batch({"title": "A"}, {"title": "B"})
    events = [sent.events[0], replace(sent.events[1], index=2)]
    world.append(0, replace(sent, total=3, events=events, refusals=[Refusal(1, "no object")]))
    assert outcomes(world) == [
        EventOutcome(0, "created", alert=1),
        EventOutcome(1, "rejected", reason="no object"),
        EventOutcome(2, "created", alert=2),
    ]


def test_an_event_whose_status_had_no_meaning_says_so_in_its_outcome() -> None:
    world = World()
    world.append(0, batch({"title": "A", "unknown_status": "degraded"}, {"title": "B"}))
    assert outcomes(world) == [
        EventOutcome(0, "created", alert=1, reason="unknown status word: degraded"),
        EventOutcome(1, "created", alert=2),
    ]


def test_an_event_whose_content_cannot_be_read_changes_nothing_and_the_others_go_on() -> None:
    world = World()
    sent = batch({"title": "A"}, {"title": "B"}, {"title": "C"})
    world.append(0, replace(sent, events=[sent.events[0], replace(sent.events[1], content=b"\xff"), sent.events[2]]))
    model = world.run()
    assert [event.outcome for event in model.outcomes[0].events] == ["created", "rejected", "created"]
    assert sorted(number for _, number in model.alerts) == [1, 2]


def test_a_step_that_raises_half_way_is_undone_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(work: Any) -> None:
        raise ValueError("a broken rule")

    world = World()
    world.append(0, configured(1, {PROJECT: {"incidents": [{"name": "all"}]}}))
    world.append(1, batch({"title": "A"}))
    monkeypatch.setattr(event, "STEPS", (*event.STEPS, broken))
    model = world.run()
    assert [event.reason for event in model.outcomes[0].events] == ["ValueError: a broken rule"]
    assert (model.alerts, model.incidents, model.timeline) == ({}, {}, [])
    monkeypatch.undo()
    world.append(2, batch({"title": "A"}))
    assert sorted(world.run().alerts) == [(PROJECT, 1)]


def test_an_error_that_is_not_the_record_s_stops_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(work: Any) -> None:
        raise MemoryError

    world = World()
    world.append(0, batch({"title": "A"}))
    monkeypatch.setattr(event, "STEPS", (deduplicate.deduplicate, exhausted))
    with pytest.raises(MemoryError):
        world.run()


def test_events_of_a_frame_that_cannot_be_read_are_rejected_as_its_header_counts_them() -> None:
    world = World()
    world.append_bytes(0, b"garbage", (("events", b'{"shop": 2, "other": 1}'),))
    model = world.run()
    assert [(outcome.project, [one.outcome for one in outcome.events]) for outcome in model.outcomes] == [
        ("other", ["rejected"]),
        ("shop", ["rejected", "rejected"]),
    ]


@pytest.mark.parametrize("header", [b"", b"[1]", b"{", b'{"shop": "two"}', b'{"shop": -1}', b'{"shop": 99999999}'])
def test_an_unreadable_header_rejects_nothing_and_stops_nobody(header: bytes) -> None:
    world = World()
    world.append_bytes(0, None, (("events", header),))
    world.append(1, batch({"title": "A"}))
    assert [one.outcome for one in outcomes(world)] == ["created"]


def test_now_never_goes_back() -> None:
    world = World()
    world.append(10, batch({"title": "A"}))
    world.append(5, batch({"title": "B"}))
    assert [alert.first_seen_at for alert in world.run().alerts.values()] == [millis(10), millis(10)]


def test_a_leap_of_over_an_hour_counts_only_when_a_tick_s_own_clock_agrees() -> None:
    world = World()
    world.append(0, Tick(millis(0), "clock"))
    world.append(4000, batch({"title": "A"}))
    world.append(4001, Tick(millis(60), "clock"))
    world.append(4002, batch({"title": "B"}))
    world.append(4003, Tick(millis(4000), "door"))
    world.append(4004, batch({"title": "C"}))
    assert [(alert.first_seen_at - EPOCH) // 1000 for alert in world.run().alerts.values()] == [0, 0, 4004]


def test_a_configuration_in_parts_counts_when_the_last_has_come_also_over_a_restart() -> None:
    packed = pack(PartitionConfiguration(projects={PROJECT: Project(title="Web shop")}))
    world = World()
    world.append(0, Configuration(5, 0, 2, packed[:10]))
    world.append(0, Configuration(5, 1, 2, packed[10:]))
    world.writer.take(world.inbox[0])
    world.write()
    world.restart()
    assert world.writer.state.configuration_version == -1
    world.writer.take(world.inbox[1])
    assert (world.writer.state.configuration_version, world.writer.state.rules.of(PROJECT).project.title) == (5, "Web shop")


def test_a_second_clock_with_the_same_or_an_older_configuration_changes_nothing() -> None:
    world = World()
    for version in (5, 5, 4):
        world.append(0, configured(version, {PROJECT: {"title": f"version {version}"}}))
    world.run()
    assert world.writer.state.rules.of(PROJECT).project.title == "version 5"


def test_a_configuration_that_cannot_be_used_leaves_the_one_before_and_says_so() -> None:
    world = World()
    world.append(0, configured(1, {PROJECT: {"title": "good"}}))
    world.append(1, Configuration(2, 0, 1, b"garbage"))
    world.append(2, configured(3, {PROJECT: {"incidents": [{"name": "x", "match": ["=~("]}]}}))
    world.run()
    assert world.writer.state.configuration_version == 1
    assert len(world.writer.problems) == 2


def test_a_command_that_this_version_does_not_know_is_rejected_with_the_reason() -> None:
    world = World()
    world.append(0, Command(PROJECT, "c1", "ada", "dance", "alert", 1, b"{}"))
    assert outcomes(world) == [EventOutcome(0, "rejected", reason="there is no command 'dance' for alerts")]


def test_the_index_of_an_event_counts_over_all_batches_of_its_record() -> None:
    world = World()
    world.append(0, batch({"title": "A"}), Tick(millis(0), "clock"), batch({"title": "B"}, {"title": "C"}))
    assert [alert.index for alert in world.run().alerts.values()] == [0, 1, 2]


def test_an_empty_frame_is_taken() -> None:
    world = World()
    world.append_bytes(0, encode(Frame([])))
    world.append(1, batch({"title": "A"}))
    assert len(world.run().alerts) == 1
