"""What takes long in a driver is done in a thread: other partitions go on, and its own loses and doubles nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from processors.core.step import process_record
from processors.journal import seal
from schemas.topics import read_events_header
from tests.unit.processors.driven import WAIT_SECONDS, Driven, MemoryLogs, run


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

        await driven.until_covered()
        driven.logs.before_append = on_its_way.wait
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
