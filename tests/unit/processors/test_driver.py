"""The driver of a partition, on logs in memory: what it does when delivery, writing or reading goes wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from processors import driver as driver_module
from processors.core.step import process_record
from processors.driver import PartitionDriver
from processors.journal import seal
from processors.partition import InboxRecord
from processors.recovery import Bounds
from schemas.codec import decode, encode
from schemas.errors import BrokenChain, Unavailable
from schemas.records import Entry, Frame, Tick
from schemas.topics import EVENTS_HEADER, read_events_header
from tests.world import World, batch, millis, read_journal

WAIT_SECONDS = 5


@dataclass
class MemoryLogs:
    """`Logs` in lists. `before_append` stands in for what happens while an entry is on its way."""

    inbox: list[InboxRecord] = field(default_factory=list)
    journal: list[bytes] = field(default_factory=list)
    inbox_beginning: int = 0
    ranges_read: list[tuple[int, int]] = field(default_factory=list)
    before_append: Callable[[], Awaitable[None]] | None = None

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


def test_records_become_entries_in_order() -> None:
    async def story(driven: Driven) -> None:
        await driven.deliver(1, 2)
        await driven.until_covered()

    assert run(story, "a", "b", "a").logs.titles() == ["a 2", "b 1"]


def test_the_first_record_of_all_is_read_without_delivery() -> None:
    async def story(driven: Driven) -> None:
        await driven.until_covered()

    driven = run(story, "a")
    assert (driven.logs.ranges_read, driven.logs.titles()) == ([(0, 1)], ["a 1"])


def test_records_that_were_not_delivered_are_read() -> None:
    async def story(driven: Driven) -> None:
        await driven.deliver(1, 4)
        await driven.until_covered()

    driven = run(story, "a", "b", "c", "d", "a")
    assert (driven.logs.ranges_read, driven.logs.titles()) == ([(0, 1), (2, 5)], ["a 2", "b 1", "c 1", "d 1"])


def test_records_delivered_twice_count_once() -> None:
    async def story(driven: Driven) -> None:
        await driven.deliver(1, 2, 0, 1, 2, 2)
        await driven.until_covered()

    assert run(story, "a", "b", "a").logs.titles() == ["a 2", "b 1"]


def test_records_wait_while_those_before_them_are_read() -> None:
    async def story(driven: Driven) -> None:
        await driven.deliver(3, 4, 5)
        await driven.until_covered()

    driven = run(story, "a", "b", "c", "d", "e", "f")
    assert (driven.logs.ranges_read, driven.driver.covered) == ([(0, 1), (1, 4)], 6)


def test_an_offset_without_a_record_is_passed_over() -> None:
    async def story(driven: Driven) -> None:
        del driven.logs.inbox[2]
        await driven.deliver(1, 2)
        await driven.until(lambda: driven.driver.covered == 4)

    assert run(story, "a", "b", "marker", "c").logs.titles() == ["a 1", "b 1", "c 1"]


def test_an_entry_that_another_writer_came_before_is_decided_anew() -> None:
    async def story(driven: Driven) -> None:
        async def overtake() -> None:
            driven.logs.before_append = None
            other = World(inbox=driven.logs.inbox[:2])
            other.run(2)
            driven.logs.journal += other.journal

        driven.logs.before_append = overtake
        await driven.deliver(1, 2)
        await driven.until_covered()

    driven = run(story, "a", "b", "a")
    assert (driven.logs.titles(), driven.writers) == (["a 2", "b 1"], 2)


def test_a_failed_write_leads_to_a_recovery_and_the_rest_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "FIRST_BACK_OFF_SECONDS", 0.0)

    async def story(driven: Driven) -> None:
        async def fail() -> None:
            driven.logs.before_append = None
            raise Unavailable("the broker is away")

        driven.logs.before_append = fail
        await driven.deliver(1, 2)
        await driven.until_covered()

    driven = run(story, "a", "b", "a")
    assert (driven.logs.titles(), driven.writers) == (["a 2", "b 1"], 2)


def test_a_write_that_failed_and_was_written_all_the_same_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "FIRST_BACK_OFF_SECONDS", 0.0)

    async def story(driven: Driven) -> None:
        append = driven.logs.append

        async def append_and_fail(part: bytes) -> int:
            driven.logs.append = append  # type: ignore[method-assign]
            await append(part)
            raise Unavailable("no answer")

        driven.logs.append = append_and_fail  # type: ignore[method-assign]
        await driven.deliver(1, 2)
        await driven.until_covered()

    assert run(story, "a", "b", "a").logs.titles() == ["a 2", "b 1"]


def test_one_entry_is_in_flight_and_what_comes_meanwhile_gathers_in_the_next() -> None:
    async def story(driven: Driven) -> None:
        on_its_way = asyncio.Event()

        async def wait() -> None:
            await on_its_way.wait()

        await driven.until_covered()
        driven.logs.add(*"bcdefg")
        driven.logs.before_append = wait
        await driven.deliver(1, 2, 3, 4, 5, 6)
        on_its_way.set()
        await driven.until_covered()

    entries = [decode(value, Entry) for value in run(story, "a").logs.journal]
    assert [(entry.first_offset, entry.next_offset) for entry in entries] == [(0, 1), (1, 2), (2, 7)]


def test_the_next_record_waits_while_too_many_events_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "MAX_EVENTS", 2)
    monkeypatch.setattr(driver_module, "MAX_DELIVERED", 1)

    async def story(driven: Driven) -> None:
        on_its_way = asyncio.Event()

        async def wait() -> None:
            await on_its_way.wait()

        driven.logs.before_append = wait
        await driven.deliver(1, 2)
        delivering = asyncio.create_task(driven.deliver_at_once(3, 4, 5))
        await asyncio.wait([delivering], timeout=0.05)
        assert (delivering.done(), driven.driver.next_inbox, driven.driver.undecided) == (False, 4, 1)
        on_its_way.set()
        await delivering
        await driven.until_covered()

    run(story, *"abcdef")


def test_a_partition_that_stays_ours_is_not_recovered_anew() -> None:
    async def story(driven: Driven) -> None:
        await driven.deliver(1)
        await driven.until_covered()
        await driven.driver.rest(1)
        driven.logs.add("c")
        await driven.deliver(2)
        await driven.driver.resume()
        await driven.deliver(2)
        await driven.until_covered()

    driven = run(story, "a", "b")
    assert (driven.writers, driven.logs.titles(), driven.logs.ranges_read) == (1, ["a 1", "b 1", "c 1"], [(0, 1)])


def test_a_partition_that_was_away_is_recovered_anew_when_another_has_written() -> None:
    async def story(driven: Driven) -> None:
        await driven.deliver(1)
        await driven.until_covered()
        await driven.driver.rest(1)
        driven.logs.add("c")
        other = World(inbox=driven.logs.inbox, journal=list(driven.logs.journal))
        other.restart()
        other.run()
        driven.logs.journal[:] = other.journal
        await driven.driver.resume()
        await driven.until(lambda: driven.writers == 2 and driven.driver.is_ready)
        driven.logs.add("a")
        await driven.deliver(3)
        await driven.until_covered()

    assert run(story, "a", "b").logs.titles() == ["a 2", "b 1", "c 1"]


def test_a_resting_driver_finishes_the_entry_in_flight_and_begins_no_other() -> None:
    async def story(driven: Driven) -> None:
        on_its_way = asyncio.Event()

        async def wait() -> None:
            await on_its_way.wait()

        await driven.until_covered()
        driven.logs.add("b", "c")
        driven.logs.before_append = wait
        await driven.deliver(1, 2)
        resting = asyncio.create_task(driven.driver.rest(WAIT_SECONDS))
        await asyncio.wait([resting], timeout=0.01)
        on_its_way.set()
        await resting
        await asyncio.sleep(0)
        assert (driven.driver.covered, driven.driver.next_inbox, len(driven.logs.journal)) == (2, 3, 2)

    run(story, "a")


def test_closing_writes_what_would_have_waited_to_be_covered() -> None:
    async def story(driven: Driven) -> None:
        await driven.until_covered()
        driven.logs.add_tick()
        await driven.deliver(1)
        assert driven.driver.covered == 1
        await driven.driver.close(1)

    assert run(story, "a").driver.covered == 2


def test_a_closing_driver_takes_nothing_more() -> None:
    async def story(driven: Driven) -> None:
        await driven.until_covered()
        driven.logs.add("b", "c")
        await driven.deliver(1)
        closing = asyncio.create_task(driven.driver.close(WAIT_SECONDS))
        await asyncio.sleep(0)
        await driven.driver.take(driven.logs.inbox[2])
        await closing

    assert run(story, "a").logs.titles() == ["a 1", "b 1"]


def test_a_driver_refuses_when_the_next_record_is_gone() -> None:
    async def story(driven: Driven) -> None:
        driven.logs.inbox_beginning = 1
        await driven.until(lambda: bool(driven.failures))

    (failure,) = run(story, "a", "b").failures
    assert isinstance(failure, BrokenChain)
    assert "inbox record 0 comes next, but the inbox begins at 1" in str(failure)


def test_a_driver_refuses_when_the_inbox_is_shorter_than_the_journal_says() -> None:
    async def story(driven: Driven) -> None:
        other = World(inbox=list(driven.logs.inbox))
        other.run()
        driven.logs.journal += other.journal
        del driven.logs.inbox[1:]
        await driven.until(lambda: bool(driven.failures))

    (failure,) = run(story, "a", "b").failures
    assert "the journal covers the inbox up to 2, but the inbox ends at 1" in str(failure)


def test_a_fault_of_ours_ends_the_driver_and_not_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise MemoryError("out of memory")

    async def story(driven: Driven) -> None:
        await driven.until_covered()
        monkeypatch.setattr("processors.partition.process_record", fail)
        driven.logs.add("b", "c")
        await driven.deliver(2)
        await driven.until(lambda: bool(driven.failures))

    driven = run(story, "a")
    assert ([type(failure) for failure in driven.failures], driven.driver.covered) == ([MemoryError], 1)


def test_records_that_are_never_delivered_are_read_when_it_was_quiet_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "QUIET_SECONDS", 0.0)

    async def story(driven: Driven) -> None:
        await driven.deliver(1)
        await driven.until_covered()
        driven.logs.add("C", "D")
        await driven.driver.catch_up_if_stalled()
        await driven.until_covered()

    assert run(story, "A", "B").logs.titles() == ["A 1", "B 1", "C 1", "D 1"]


def test_the_inbox_is_not_asked_while_records_come() -> None:
    async def story(driven: Driven) -> None:
        await driven.deliver(1)
        await driven.until_covered()
        driven.logs.add("C")
        await driven.driver.catch_up_if_stalled()
        assert driven.driver.next_inbox == 2

    assert run(story, "A", "B").logs.titles() == ["A 1", "B 1"]


class Gate:
    """Holds up a function, called in whichever thread, until it is opened."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._open = threading.Event()
        self.is_reached = False

    def __call__(self, *arguments: Any) -> Any:
        self.is_reached = True
        assert self._open.wait(WAIT_SECONDS), "never opened"
        return self._function(*arguments)

    def open(self) -> None:
        self._open.set()


async def see_another_go_on() -> None:
    """See that another partition, in the same process, gets its records into the journal."""
    logs = MemoryLogs()
    logs.add("x", "y")
    other = Driven(logs)
    await other.deliver(1)
    await other.until_covered()
    await other.driver.drop()


def hold_up_ticks(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Hold up decisions about records without alerts of their own; the others are decided at once."""
    gate = Gate(process_record)

    def process(state: Any, offset: int, timestamp: int, value: Any, headers: Any) -> Any:
        decide = process_record if read_events_header(headers) else gate
        return decide(state, offset, timestamp, value, headers)

    monkeypatch.setattr("processors.partition.process_record", process)
    return gate


def test_other_partitions_go_on_while_a_long_decision_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = hold_up_ticks(monkeypatch)

    async def story(driven: Driven) -> None:
        await driven.until_covered()
        driven.logs.add_tick()
        driven.logs.add("a", "b")
        await driven.deliver_at_once(1, 2, 3)
        await driven.until(lambda: gate.is_reached)
        await see_another_go_on()
        assert (driven.driver.undecided, driven.driver.covered) == (3, 1)
        gate.open()
        await driven.until_covered()

    driven = run(story, "a")
    assert (driven.logs.titles(), driven.logs.ranges_read) == (["a 2", "b 1"], [(0, 1)])


def test_nothing_is_sealed_in_the_middle_of_a_long_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = hold_up_ticks(monkeypatch)

    async def story(driven: Driven) -> None:
        on_its_way = asyncio.Event()

        async def wait() -> None:
            await on_its_way.wait()

        await driven.until_covered()
        driven.logs.before_append = wait
        driven.logs.add("b", "c")
        driven.logs.add_tick()
        await driven.deliver_at_once(1, 2, 3)  # "b" is on its way, "c" has gathered
        await driven.until(lambda: gate.is_reached)
        on_its_way.set()
        await driven.until(lambda: driven.driver.covered == 2)
        await asyncio.sleep(0.01)
        assert driven.driver.covered == 2
        gate.open()
        await driven.until_covered()

    run(story, "a")


def test_closing_waits_for_a_long_decision_and_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = hold_up_ticks(monkeypatch)

    async def story(driven: Driven) -> None:
        await driven.until_covered()
        driven.logs.add_tick()
        driven.logs.add("b")
        await driven.deliver_at_once(1, 2)
        await driven.until(lambda: gate.is_reached)
        closing = asyncio.create_task(driven.driver.close(WAIT_SECONDS))
        await asyncio.wait([closing], timeout=0.02)
        gate.open()
        await closing

    assert run(story, "a").driver.covered == 2


def test_a_rest_in_the_middle_of_a_long_decision_loses_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = hold_up_ticks(monkeypatch)

    async def story(driven: Driven) -> None:
        await driven.until_covered()
        driven.logs.add_tick()
        driven.logs.add("a", "b")
        await driven.deliver_at_once(1, 2)
        await driven.until(lambda: gate.is_reached)
        await driven.driver.rest(0.01)
        await driven.driver.resume()
        assert driven.driver.next_inbox == 2
        await driven.deliver_at_once(1, 2, 3)
        gate.open()
        await driven.until_covered()

    driven = run(story, "a")
    assert (driven.logs.titles(), driven.logs.ranges_read, driven.writers) == (["a 2", "b 1"], [(0, 1)], 1)


def test_a_fault_in_a_long_decision_ends_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise MemoryError("out of memory")

    async def story(driven: Driven) -> None:
        await driven.until_covered()
        monkeypatch.setattr("processors.partition.process_record", fail)
        driven.logs.add_tick()
        await driven.deliver_at_once(1)
        await driven.until(lambda: bool(driven.failures))

    driven = run(story, "a")
    assert ([type(failure) for failure in driven.failures], driven.driver.covered) == ([MemoryError], 1)


def test_other_partitions_go_on_while_a_large_entry_is_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(seal)

    def seal_large(gathering: Any, *rest: Any) -> Any:
        return (gate if len(gathering.alerts) > 2 else seal)(gathering, *rest)

    monkeypatch.setattr("processors.partition.LARGE_ENTRY", 2)
    monkeypatch.setattr("processors.partition.seal", seal_large)

    async def story(driven: Driven) -> None:
        await driven.until_covered()
        driven.logs.add_together("b", "c", "d")
        driven.logs.add("e")
        await driven.deliver(1)
        await driven.until(lambda: gate.is_reached)
        await see_another_go_on()
        await driven.deliver(2)
        assert (driven.driver.undecided, driven.driver.covered) == (0, 1)
        gate.open()
        await driven.until_covered()

    assert run(story, "a").logs.titles() == ["a 1", "b 1", "c 1", "d 1", "e 1"]
