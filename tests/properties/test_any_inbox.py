"""Any inbox gives the same decisions however it is delivered, cut, spread or joined; what must hold does after each record."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import groupby
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from processors.core.decisions import Decisions
from tests.properties.digests import digest_of
from tests.properties.inboxes import inbox_from, inboxes, inboxes_without_leaps, seeds
from tests.simulation.arriving import Arrival, inbox_of
from tests.simulation.audit import recovered_differently
from tests.simulation.check import check
from tests.world import ReadModel, World

PROJECT_OF = {0: ("shop",), 1: ("bank",), 2: ("mill",)}
HASH_SEEDS = ("1", "4242")
chances = st.integers(0, 2**32).map(Random)


def world_of(arrivals: list[Arrival]) -> World:
    return World(inbox=inbox_of(arrivals))


def in_one_thread(arrivals: list[Arrival]) -> list[Decisions | None]:
    world = world_of(arrivals)
    return [world.writer.take(record) for record in world.inbox]


@given(inboxes)
def test_all_that_must_hold_does_after_every_record(arrivals: list[Arrival]) -> None:
    check(arrivals, thorough_every=1, with_model=False)


@given(inboxes)
def test_outcomes_and_members_are_those_of_the_naive_model(arrivals: list[Arrival]) -> None:
    check(_split(arrivals))


@given(inboxes, chances)
def test_inbox_delivered_twice_gives_the_same_decisions(arrivals: list[Arrival], chance: Random) -> None:
    world, decided = world_of(arrivals), []
    for record in world.inbox:
        decided.append(world.writer.take(record))
        again = chance.randint(0, record.offset)
        assert [world.writer.take(world.inbox[again]), world.writer.take(record)] == [None, None]
    assert decided == in_one_thread(arrivals)


@given(inboxes, chances)
def test_inbox_cut_and_restarted_anywhere_gives_the_same_decisions(arrivals: list[Arrival], chance: Random) -> None:
    alone, world, decided = in_one_thread(arrivals), world_of(arrivals), {}
    while world.writer.next_inbox < len(world.inbox):
        record = world.inbox[world.writer.next_inbox]
        decided[record.offset] = world.writer.take(record)
        luck = chance.random()
        if luck < 0.5:
            world.write()
        if luck < 0.15:
            world.restart()
    assert [decided[record.offset] for record in world.inbox] == alone


@given(inboxes, chances)
def test_state_recovered_from_the_journal_is_the_live_one(arrivals: list[Arrival], chance: Random) -> None:
    world = world_of(arrivals)
    world.run(records_per_entry=chance.randint(1, 9))
    live = world.writer.state
    world.restart()
    assert recovered_differently(live, world.writer.state) == []


@given(inboxes, st.integers(2, 60))
def test_entries_of_any_size_tell_readers_the_same(arrivals: list[Arrival], size: int) -> None:
    assert world_of(arrivals).run(records_per_entry=size) == world_of(arrivals).run()


@given(seeds, chances)
def test_three_workers_that_swap_partitions_decide_as_one(seeds: list[int], chance: Random) -> None:
    partitions = [inbox_from(seeds, projects) for projects in PROJECT_OF.values()]
    worlds = [world_of(arrivals) for arrivals in partitions]
    decided: list[list[Any]] = [[] for _ in worlds]
    owners = [0, 1, 2]
    while any(world.writer.next_inbox < len(world.inbox) for world in worlds):
        worker = chance.randrange(3)
        if chance.random() < 0.05:  # a rebalance: whatever was not written is lost with its worker
            chance.shuffle(owners)
            for place, world in enumerate(worlds):
                world.restart()
                del decided[place][world.writer.next_inbox :]
        for place in (place for place, owner in enumerate(owners) if owner == worker):
            _work(worlds[place], decided[place], chance)
    assert decided == [in_one_thread(arrivals) for arrivals in partitions]


def _work(world: World, decided: list[Any], chance: Random) -> None:
    decided += [world.writer.take(record) for record in world.inbox[world.writer.next_inbox :][: chance.randint(1, 8)]]
    if chance.random() < 0.6:
        world.write()


@given(inboxes_without_leaps)
def test_frames_joined_otherwise_give_the_same_decisions(arrivals: list[Arrival]) -> None:
    joined, split = _joined(arrivals), _split(arrivals)
    assert _without_places(world_of(joined).run()) == _without_places(world_of(split).run())


def _joined(arrivals: list[Arrival]) -> list[Arrival]:
    """Join what came at one time and can be read into one record each."""
    groups = [list(group) for _, group in groupby(arrivals, key=lambda arrival: (arrival.at, arrival.broken_events))]
    return [replace_items(group[0], [item for arrival in group for item in arrival.items]) for group in groups]


def _split(arrivals: list[Arrival]) -> list[Arrival]:
    """Give each item of a joined frame a record of its own."""
    return [replace_items(arrival, [item]) for arrival in _joined(arrivals) for item in arrival.items or (None,)]


def replace_items(arrival: Arrival, items: list[Any]) -> Arrival:
    return Arrival(arrival.at, tuple(item for item in items if item is not None), arrival.broken_events)


def _without_places(model: ReadModel) -> list[Any]:
    """Leave out where in the inbox things were caused, and versions: they count records."""
    lists = [*model.alerts.values(), *model.incidents.values(), *model.timeline, *model.notifications]
    entities = [replace(entity, **{n: 0 for n in ("version", "offset", "index") if hasattr(entity, n)}) for entity in lists]
    outcomes = [replace(outcome, offset=0, item=0) for outcome in model.outcomes]
    return [*entities, *outcomes, model.contents, model.payloads]


def test_two_hash_seeds_give_the_same_decisions_bit_for_bit() -> None:
    """Sets and dicts of texts have another order under each; this process has a third."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.properties.digests"],
            env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, text=True,
        )
        for seed in HASH_SEEDS
    ]  # fmt: skip
    digests = [run.communicate()[0].split() for run in runs]
    assert digests == [digest_of(range(len(digests[0])))] * 2
    assert len(digests[0]) > 10
