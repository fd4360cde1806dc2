"""Waiting for what became of commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from structlog.testing import capture_logs

from producers.operator.commands.outcomes import FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS, Outcomes, Place
from producers.operator.queries import Query
from schemas.errors import Unavailable
from schemas.records import EventOutcome

DONE = [EventOutcome(0, "done", alert=7)]


def row(place: Place) -> dict[str, Any]:
    event = {"index": 0, "outcome": "done", "alert": 7}
    return {"partition": place.partition, "inbox_offset": place.offset, "item": place.item, "events": [event]}


@dataclass
class Database:
    """Knows the outcomes of those places that `knows` says, at the so-manieth question."""

    knows: Callable[[int, Place], bool]
    asked: list[list[Place]] = field(default_factory=list)
    errors: dict[int, Exception] = field(default_factory=dict)

    async def rows(self, query: Query) -> list[Any]:
        places = [
            Place(*place) for place in zip(*(query.values[name] for name in ("partitions", "offsets", "items")), strict=True)
        ]
        self.asked.append(places)
        if (error := self.errors.get(len(self.asked))) is not None:
            raise error
        return [row(place) for place in places if self.knows(len(self.asked), place)]


def wait(database: Database, *places: Place, seconds: float = 5) -> tuple[list[Any], list[float]]:
    """What each of those that wait at once is given, and how long was paused between the questions."""
    pauses: list[float] = []

    async def pause(so_long: float) -> None:
        pauses.append(so_long)
        await asyncio.sleep(0)

    async def ask() -> list[Any]:
        outcomes = Outcomes(database, pause)
        return await asyncio.gather(*(outcomes.wait(place, seconds) for place in places))

    return asyncio.run(ask()), pauses


def test_all_who_wait_are_asked_for_with_one_question() -> None:
    here, there = Place(0, 41, 0), Place(3, 7, 0)
    database = Database(lambda count, place: count >= (2 if place == here else 4))
    assert wait(database, here, there)[0] == [DONE, DONE]
    assert database.asked == [[here, there], [here, there], [there], [there]]


def test_questions_become_rarer_and_end_when_nobody_waits() -> None:
    database = Database(lambda count, _: count == 40)
    found, pauses = wait(database, Place(0, 41, 0))
    assert (found, len(database.asked)) == ([DONE], 40)
    assert (pauses[0], pauses == sorted(pauses), pauses[-1]) == (FIRST_PAUSE_SECONDS, True, LAST_PAUSE_SECONDS)


def test_nothing_is_given_when_time_is_up() -> None:
    assert wait(Database(lambda count, place: False), Place(0, 41, 0), seconds=0.02)[0] == [None]


def test_database_that_comes_back_is_asked_again() -> None:
    database = Database(lambda count, place: True, errors={1: Unavailable("gone")})
    with capture_logs() as logs:
        assert wait(database, Place(0, 41, 0))[0] == [DONE]
    assert [line["event"] for line in logs] == ["outcomes_unreadable"]


def test_fault_lets_nobody_wait_in_vain_and_the_next_is_served() -> None:
    database = Database(lambda count, place: True, errors={1: ZeroDivisionError()})

    async def twice() -> list[Any]:
        outcomes = Outcomes(database)
        async with asyncio.timeout(5):
            return [await outcomes.wait(Place(0, offset, 0), 600) for offset in (1, 2)]

    with capture_logs() as logs:
        assert asyncio.run(twice()) == [None, DONE]
    assert [line["event"] for line in logs] == ["outcomes_unasked"]
