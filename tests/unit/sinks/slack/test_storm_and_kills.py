"""A storm through processes that are killed anywhere: each incident is told of once, and all but ten in one digest."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from sinks.slack.sink import SlackSink
from tests.fakes.stores import MemoryStore
from tests.unit.sinks.slack.world import NOON, SlackWorld, batch, entry, incident, notification

COUNT = 30
LIVES = 4
"""The last one is not killed."""


class Kill(Exception):
    """The process is gone, at once."""


def kill_in_a_write(store: MemoryStore, number: int, chance: random.Random) -> None:
    """Let only the first of the changes be written by the write of this number; 0: all are."""
    write, count = MemoryStore.write, 0

    def write_or_die(changes: Any) -> None:
        nonlocal count
        count += bool(changes)
        if changes and count == number:
            write(store, changes[: chance.randrange(len(changes) + 1)])
            raise Kill
        write(store, changes)

    store.write = write_or_die  # type: ignore[method-assign]


def kill_at_a_call(sink: SlackSink, number: int, is_after_it: bool) -> None:
    exchange: Any = sink._postman.client._exchange
    ask: Callable[..., Any] = exchange._ask
    count = 0

    def ask_or_die(*arguments: Any, **said: Any) -> Any:
        nonlocal count
        count += 1
        if count == number and not is_after_it:
            raise Kill
        answer = ask(*arguments, **said)
        if count == number:
            raise Kill
        return answer

    exchange._ask = ask_or_die


def live(world: SlackWorld, life: int, applied: int, chance: random.Random) -> int:
    """Run one process until it is killed or has nothing left to do; gives how many entries are applied."""
    is_last, limit = life == LIVES, COUNT // 2 if life == 1 else COUNT
    kill_in_a_write(world.store, 0 if is_last else chance.choice([0, 1, 2, 3, 4, 6]), chance)
    sink = world.start()
    if not is_last:
        kill_at_a_call(sink, chance.choice([1, 2, 3, 6, 15]), chance.random() < 0.5)
    try:
        while applied < limit:
            numbers = range(applied + 1, min(limit, applied + chance.choice([1, 3, 16])) + 1)
            made = [entry([incident(number=one, title=f"disk {one} full")], [notification(incident=one)], one) for one in numbers]
            sink.deliver(batch(*made))
            applied = numbers[-1]
            world.clock.seconds += chance.choice([0, 1])
            sink.tend()
        world.settle(sink, 60 if is_last else 5)
    except Kill:
        world.clock.seconds += 2
    return applied


@pytest.mark.parametrize("seed", range(30))
def test_storm_through_kills_is_told_of_once_and_in_one_digest(world: SlackWorld, seed: int) -> None:
    chance, applied = random.Random(seed), 0
    for life in range(1, LIVES + 1):
        applied = live(world, life, applied, chance)
    ids = [post["metadata"]["event_payload"]["delivery_id"] for post in world.slack.posts()]
    own = [int(one.split("/")[1]) for one in ids if one.endswith(f"/{NOON}/C1") and not one.startswith("digest/")]
    (digest,) = [post for post in world.slack.posts() if "(shop #" not in post["text"]]
    named = [number for number in range(1, COUNT + 1) if f"shop #{number} disk" in str(digest["blocks"])]
    assert sorted(own + named) == list(range(1, COUNT + 1))
    assert len(own) <= 10
