"""How the demo speaks, and how it takes the time."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass

import pytest
from rich.console import Console

from tocsin.demo.stopwatch import Times, measure
from tocsin.demo.telling import LOST_SECONDS, POLL_SECONDS, Teller, clock, count, until

NOON = 1_800_014_400_000


@dataclass
class Sleeping:
    """A time that passes only while somebody sleeps."""

    passed: float = 0

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Sleeping:
    time = Sleeping()
    monkeypatch.setattr("tocsin.demo.telling.time", time)
    return time


def teller() -> tuple[Teller, io.StringIO]:
    written = io.StringIO()
    return Teller(Console(file=written, width=200), lambda: NOON), written


def test_what_happens_is_told_with_its_time() -> None:
    telling, written = teller()
    telling.tell("uptime", "1 alert [sic]")
    assert written.getvalue() == "12:00:00.000  uptime        1 alert [sic]\n"


def test_an_expectation_that_holds_is_counted() -> None:
    telling, written = teller()
    assert telling.expect("two incidents", 2, 2)
    assert (telling.held, telling.differences) == (1, [])
    assert written.getvalue() == "              ✓ two incidents\n"


def test_an_expectation_that_does_not_hold_is_remembered_with_what_was_found() -> None:
    telling, written = teller()
    assert not telling.expect("two incidents", 2, 3)
    assert (telling.held, telling.differences) == (0, ["two incidents: expected 2, found 3"])
    assert written.getvalue() == "              ▲ not so: two incidents: expected 2, found 3\n"


def test_after_a_difference_nothing_is_waited_for_long(time: Sleeping) -> None:
    telling, _ = teller()
    telling.await_that("two incidents", 2, lambda: 3, seconds=60)
    assert time.passed == pytest.approx(60, abs=POLL_SECONDS)
    telling.await_that("three incidents", 3, lambda: 2, seconds=60)
    assert time.passed == pytest.approx(60 + LOST_SECONDS, abs=2 * POLL_SECONDS)
    assert telling.differences == ["two incidents: expected 2, found 3", "three incidents: expected 3, found 2"]


def test_waiting_ends_when_what_is_read_is_what_is_wanted(time: Sleeping) -> None:
    readings = itertools.count()
    assert until(lambda: next(readings), lambda value: value == 3, seconds=10) == 3
    assert time.passed == pytest.approx(3 * POLL_SECONDS)


def test_waiting_gives_what_was_read_last_when_time_is_up() -> None:
    assert until(lambda: 1, lambda value: value == 2, seconds=0) == 1


def test_numbers_say_what_they_count() -> None:
    assert [count(1, "alert"), count(2000, "alert"), count(2, "reply", "replies")] == ["1 alert", "2,000 alerts", "2 replies"]
    assert clock(NOON + 7) == "12:00:00.007"


def test_each_end_is_timed_from_before_the_request() -> None:
    looks = itertools.count()
    times = measure(lambda: 7.0, {"row": lambda: next(looks) > 2, "page": lambda: True})
    assert list(times) == ["answer 202", "row", "page"]
    assert times["answer 202"] == 7.0
    assert times["row"] is not None
    assert times["page"] is not None
    assert times["row"] >= 6  # three looks, 3 ms apart


def test_times_are_told_by_their_middle_and_their_largest() -> None:
    times = Times()
    for millis in (10.0, 30.0, 20.0, None):
        times.add("row", millis)
    assert list(times.rows()) == [("row", 20.0, 30.0, 3)]
    assert times.missed == ["row"]
