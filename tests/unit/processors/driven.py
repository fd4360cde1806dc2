"""A driver on logs in memory, for tests that deliver to it what and when they like. Not here: any test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from processors.driver import PartitionDriver
from processors.partition import InboxRecord
from processors.recovery import Bounds
from schemas.codec import encode
from schemas.records import Frame, Tick
from schemas.topics import EVENTS_HEADER
from tests.world import batch, millis, read_journal

WAIT_SECONDS = 5


@dataclass
class MemoryLogs:
    """`Logs` in lists. `before_append` stands in for what happens while an entry is on its way."""

    inbox: list[InboxRecord] = field(default_factory=list)
    journal: list[bytes] = field(default_factory=list)
    inbox_beginning: int = 0
    ranges_read: list[tuple[int, int]] = field(default_factory=list)
    before_append: Callable[[], Awaitable[Any]] | None = None

    def add(self, *titles: str) -> None:
        for title in titles:
            self.add_together(title)

    def add_together(self, *titles: str) -> None:
        frame, header = encode(Frame([batch(*({"title": title} for title in titles))])), b'{"shop": %d}' % len(titles)
        self.inbox.append(InboxRecord(len(self.inbox), millis(len(self.inbox)), frame, [(EVENTS_HEADER, header)]))

    def add_tick(self) -> None:
        at = millis(len(self.inbox))
        self.inbox.append(InboxRecord(len(self.inbox), at, encode(Frame([Tick(at, "door")])), [(EVENTS_HEADER, b"{}")]))

    async def inbox_bounds(self) -> Bounds:
        return Bounds(self.inbox_beginning, len(self.inbox))

    async def journal_bounds(self) -> Bounds:
        return Bounds(0, len(self.journal))

    async def read_inbox(self, start: int, stop: int) -> AsyncIterator[Sequence[InboxRecord]]:
        self.ranges_read.append((start, stop))
        await asyncio.sleep(0)
        yield [record for record in self.inbox if start <= record.offset < stop]

    async def read_journal(self, start: int, stop: int) -> AsyncIterator[Sequence[InboxRecord]]:
        yield [InboxRecord(offset, 0, value) for offset, value in enumerate(self.journal[start:stop], start)]

    async def append(self, part: bytes) -> int:
        if self.before_append is not None:
            await self.before_append()
        self.journal.append(part)
        return len(self.journal) - 1

    def titles(self) -> list[str]:
        """What a reader has in the end: the titles of all alerts by number, each with its events."""
        model = read_journal(self.journal)
        return [f"{model.contents[key].title} {model.alerts[key].events}" for key in sorted(model.alerts)]


class Driven:
    """A driver on memory logs, and what it failed with."""

    def __init__(self, logs: MemoryLogs) -> None:
        self.logs = logs
        self.failures: list[BaseException] = []
        self.writers = 0
        self.driver = PartitionDriver(0, logs, self._new_writer_id, self.failures.append)
        self.driver.start()

    def _new_writer_id(self) -> str:
        self.writers += 1
        return f"writer-{self.writers}"

    async def deliver(self, *offsets: int) -> None:
        await self.driver.wait_until_ready()
        """Deliver these, each when the one before it has been decided about."""
        for offset in offsets:
            await self.driver.take(self.logs.inbox[offset])
            await self.until(lambda: self.driver.undecided == 0)

    async def deliver_at_once(self, *offsets: int) -> None:
        for offset in offsets:
            await self.driver.take(self.logs.inbox[offset])

    async def until(self, is_true: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not is_true():  # noqa: ASYNC110 - a condition of the test's own: nothing could set an event
                await asyncio.sleep(0.001)

    async def until_covered(self) -> None:
        await self.until(lambda: self.driver.covered == len(self.logs.inbox))


def run(story: Callable[[Driven], Awaitable[Any]], *titles: str) -> Driven:
    """Run a story on logs whose inbox begins with these alerts."""

    async def play() -> Driven:
        logs = MemoryLogs()
        logs.add(*titles)
        driven = Driven(logs)
        await story(driven)
        await driven.driver.drop()
        return driven

    return asyncio.run(play())
