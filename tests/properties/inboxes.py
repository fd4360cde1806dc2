"""Any inbox, for hypothesis: a list of numbers, each of which makes one record; shorter lists are simpler inboxes.

Not here: what must hold (`test_any_inbox.py`).
"""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.records import FrameItem
from tests.simulation.arriving import Arrival, some_batch, some_command, tick
from tests.simulation.rules import configuration

PROJECTS = ("shop", "bank", "mill")
GAPS = (0, 0, 1, 1, 2, 5, 12, 70)
"""Seconds between two records."""
LEAP = 4000
"""A broker's clock leaps by more than an hour, now and then."""
numbers = st.integers(0, 2**32) | st.none()
seeds = st.lists(numbers, min_size=25, max_size=60).map(lambda drawn: [seed for seed in drawn if seed is not None])
"""Nothing at some places lets a failing example shrink below the shortest list, and the lists be long."""


def inbox_from(seeds: list[int], projects: tuple[str, ...] = PROJECTS, leap: int = LEAP) -> list[Arrival]:
    """Make an inbox: its opening tick, a configuration, and a record of each number."""
    chance, at = Random(len(seeds)), 0
    made = [Arrival(0, (tick(0, "opening"),)), Arrival(0, (configuration(chance, 0, projects),))]
    for seed in seeds:
        chance = Random(seed)
        at += leap if chance.random() < 0.01 else chance.choice(GAPS)
        if chance.random() < 0.04:
            made.append(Arrival(at, broken_events=((chance.choice(projects), 3),)))
            continue
        items = tuple(_item(chance, projects, at) for _ in range(chance.choice((1, 1, 1, 2, 3))))
        made.append(Arrival(at, items))
    return made


def _item(chance: Random, projects: tuple[str, ...], at: int) -> FrameItem:
    luck, project = chance.random(), chance.choice(projects)
    if luck < 0.45:
        return some_batch(chance, project, at, chance.randint(1, 4))
    if luck < 0.65:
        return some_command(chance, project, at)
    if luck < 0.95:
        return tick(at, chance.choice(("clock", "clock", "door")))
    made = configuration(chance, at, projects)
    return replace(made, part=1, parts=2) if chance.random() < 0.2 else made


class Inbox(list[Arrival]):
    """Shown a line a record."""

    def __repr__(self) -> str:
        return "\n".join(["", *map(str, self)])


inboxes = seeds.map(lambda drawn: Inbox(inbox_from(drawn)))
inboxes_without_leaps = seeds.map(lambda drawn: Inbox(inbox_from(drawn, leap=GAPS[-1])))
"""Whether a clock may leap is asked of each record: the one thing for which it matters what stands in one frame."""
