"""Waiting for what became of commands: one question to PostgreSQL at a time, for all requests that wait.

Not here: giving commands (`give.py`), what is answered (`answers.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec
import structlog

from producers.operator import queries
from producers.operator.database import Reader
from schemas.errors import Unavailable
from schemas.records import EventOutcome

log = structlog.get_logger()
FIRST_PAUSE_SECONDS = 0.005
"""A command is a row after 13 to 40 ms (STACK): asked this often at first, then less and less."""
LAST_PAUSE_SECONDS = 0.1
PAUSE_GROWTH = 1.3
Events = list[EventOutcome]


class Place(NamedTuple):
    """Where a command stands in the inbox."""

    partition: int
    offset: int
    item: int


class Outcomes:
    """Waits for the outcomes of commands; used from one event loop."""

    def __init__(self, database: Reader, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._database = database
        self._pause = pause
        self._waiting: dict[Place, asyncio.Future[Events | None]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._pause_seconds = FIRST_PAUSE_SECONDS

    async def wait(self, place: Place, seconds: float) -> Events | None:
        """Give what became of a command as soon as it is known; None when it is not within so many seconds."""
        found = self._waiting[place] = asyncio.get_running_loop().create_future()
        self._pause_seconds = FIRST_PAUSE_SECONDS
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_until_known())
            self._asking.add_done_callback(self._give_up)
        try:
            return await asyncio.wait_for(found, seconds)
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(place, None)

    async def _ask_until_known(self) -> None:
        while self._waiting:
            await self._pause(self._pause_seconds)
            self._pause_seconds = min(self._pause_seconds * PAUSE_GROWTH, LAST_PAUSE_SECONDS)
            try:
                rows = await self._database.rows(queries.find_outcomes(list(self._waiting)))
            except Unavailable as error:  # whoever waits is told that it is pending
                log.warning("outcomes_unreadable", reason=str(error), waiting=len(self._waiting))
                self._pause_seconds = LAST_PAUSE_SECONDS
                continue
            for row in rows:
                self._settle(Place(row["partition"], row["inbox_offset"], row["item"]), read_events(row["events"]))

    def _give_up(self, ended: asyncio.Task[None]) -> None:
        """Nobody waits for a task that has ended, however it ended."""
        self._asking = None
        for place in list(self._waiting):
            self._settle(place, None)
        if not ended.cancelled() and ended.exception() is not None:
            log.error("outcomes_unasked", exc_info=ended.exception())

    def _settle(self, place: Place, events: Events | None) -> None:
        found = self._waiting.pop(place, None)
        if found is not None and not found.done():
            found.set_result(events)


def read_events(events: object) -> Events:
    """Read the column `events` of an outcome."""
    return msgspec.convert(events, Events)
