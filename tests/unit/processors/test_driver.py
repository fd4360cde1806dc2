"""The driver of a partition, on logs in memory: what it does when delivery, writing or reading goes wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from processors import driver as driver_module
from schemas.codec import decode
from schemas.errors import BrokenChain, Unavailable
from schemas.records import Entry
from tests.unit.processors.driven import WAIT_SECONDS, Driven, run
from tests.world import World


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

        await driven.until_covered()
        driven.logs.add(*"bcdefg")
        driven.logs.before_append = on_its_way.wait
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

        driven.logs.before_append = on_its_way.wait
        await driven.deliver(1, 2)
        delivering = asyncio.create_task(driven.deliver_at_once(3, 4, 5))
        await asyncio.wait([delivering], timeout=0.05)
        assert (delivering.done(), driven.driver.next_inbox, driven.driver.undecided) == (False, 4, 1)
        on_its_way.set()
        await delivering
        await driven.until_covered()

    run(story, *"abcdef")


def test_records_behind_a_refused_entry_are_left_for_later_so_that_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver_module, "MAX_EVENTS", 2)
    monkeypatch.setattr(driver_module, "MAX_DELIVERED", 1)
    monkeypatch.setattr(driver_module, "STALLED_SECONDS", 0.0)

    async def story(driven: Driven) -> None:
        is_taken_again = asyncio.Event()

        driven.logs.before_append = is_taken_again.wait
        await driven.deliver(1, 2)
        await driven.deliver_at_once(3, 4, 5)  # none of them is waited for
        assert driven.logs.journal == []
        is_taken_again.set()
        await driven.until_covered()
        driven.logs.add("g")
        await driven.deliver(6)
        await driven.until_covered()

    driven = run(story, *"abcdef")
    assert (driven.logs.titles(), driven.writers) == ([f"{title} 1" for title in "abcdefg"], 1)


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

        await driven.until_covered()
        driven.logs.add("b", "c")
        driven.logs.before_append = on_its_way.wait
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
