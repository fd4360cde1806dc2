"""One behaviour suite for every sink there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from schemas.records import Entry
from sinks.sink import Assignment, Sink
from tests.contract.sinks.harness import HARNESSES, Harness
from tests.memory_kafka import TOPIC_ID, MemoryJournal, MemoryKafka, read_all
from tests.world import PROJECT, World, batch, configured

CONFIGURATION: dict[str, Any] = {
    "incidents": [{"name": "each", "group_by": ["..."], "publish": "auto"}],
    "notify": [{"receivers": ["oncall"]}],
}
COMPONENTS = [
    {"id": f"disk-{number}", "name": f"disk {number}", "project": PROJECT, "match": [f'title="disk {number} full"']}
    for number in (1, 2, 3)
]


@pytest.fixture(params=HARNESSES)
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    with HARNESSES[request.param](request) as made:
        yield made


@pytest.fixture(scope="module")
def journal() -> list[bytes]:
    """Three incidents open one after the other and are published; then the first is resolved."""
    world = World()
    world.append(0, configured(1, {PROJECT: CONFIGURATION}, COMPONENTS))
    for number in (1, 2, 3):
        world.append(number, batch({"title": f"disk {number} full"}))
    world.tick(4)
    world.append(9, batch({"title": "disk 1 full", "resolved": True}))
    world.run(records_per_entry=1)
    return world.journal


ALL = {1: "resolved", 2: "triggered", 3: "triggered"}


def run(sink: Sink, kafka: MemoryKafka, per_poll: int = 100) -> None:
    read_all(sink, MemoryJournal(kafka, per_poll))


def follow_from_the_start(harness: Harness) -> MemoryKafka:
    """A journal that the sink has read when it was empty, so that nothing in it is history."""
    kafka = MemoryKafka({0: []})
    run(harness.build(), kafka)
    return kafka


@pytest.mark.parametrize("per_poll", [1, 2, 100])
def test_the_world_has_every_incident_as_it_is_now(harness: Harness, journal: list[bytes], per_poll: int) -> None:
    kafka = follow_from_the_start(harness)
    kafka.partitions[0] = journal
    run(harness.build(), kafka, per_poll)
    assert harness.told() == ALL


def test_a_sink_that_ends_before_its_commit_tells_nothing_twice(harness: Harness, journal: list[bytes]) -> None:
    kafka = follow_from_the_start(harness)
    kafka.partitions[0] = journal
    for _ in range(3):
        crashing = MemoryJournal(kafka, per_poll=1)
        crashing.is_committing = False
        read_all(harness.build(), crashing)
    run(harness.build(), kafka)
    assert harness.told() == ALL


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_sink_started_anew_goes_on_where_the_last_one_ended(harness: Harness, journal: list[bytes], cut: int) -> None:
    kafka = follow_from_the_start(harness)
    kafka.partitions[0] = journal[:cut]
    run(harness.build(), kafka)
    kafka.partitions[0] = journal
    run(harness.build(), kafka)
    assert harness.told() == ALL


def test_an_unreachable_world_is_told_when_it_is_back(harness: Harness, journal: list[bytes]) -> None:
    kafka = follow_from_the_start(harness)
    kafka.partitions[0] = journal
    waiting = MemoryJournal(kafka, on_hold=lambda number: harness.set_reachable(True) if number == 2 else None)
    harness.set_reachable(False)
    read_all(harness.build(), waiting)
    assert waiting.held
    assert harness.told() == ALL


def test_what_happened_before_it_had_ever_run_is_history(harness: Harness, journal: list[bytes]) -> None:
    kafka = MemoryKafka({0: journal[:-1]})
    run(harness.build(), kafka)
    assert harness.told() == ({1: "triggered", 2: "triggered", 3: "triggered"} if harness.speaks_of_history else {})
    kafka.partitions[0] = journal
    run(harness.build(), kafka)
    assert harness.told() == (ALL if harness.speaks_of_history else {1: "resolved"})


def test_no_partition_at_all_is_no_problem(harness: Harness) -> None:
    with closing(harness.build()) as sink:
        assert sink.assign(Assignment((), TOPIC_ID)) == {}


def test_positions_are_given_for_what_was_asked_and_only_by_those_who_store_them(harness: Harness, journal: list[bytes]) -> None:
    run(harness.build(), MemoryKafka({0: journal, 1: [], 2: []}))
    with closing(harness.build()) as sink:
        given = sink.assign(Assignment((0, 2), TOPIC_ID))
        assert set(given) <= {0, 2}
        assert (0 in given) == sink.stores_positions


def test_sections_asked_for_are_sections_of_an_entry(harness: Harness) -> None:
    with closing(harness.build()) as sink:
        assert sink.sections <= set(Entry.__struct_fields__)
