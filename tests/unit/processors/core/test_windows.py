"""Maintenance windows on the clocks of their zone, across both changes of the clocks (scenario 30)."""

from __future__ import annotations

from datetime import datetime

import pytest

from processors.core.windows import Window
from schemas.configuration import Maintenance

HOUR = 3_600_000


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def window(start: str, hours: float = 1, repeat: str | None = None, zone: str = "Europe/Berlin") -> Window:
    return Window(Maintenance(name="w", match=[], start=start, duration=round(hours * HOUR), repeat=repeat, zone=zone))


def openings(opened: Window, start: str, end: str) -> list[tuple[str, str]]:
    """Walk from change to change and say when it was open, in UTC."""
    now, found, since = at(start), [], None
    while now < at(end):
        if opened.is_open(now) and since is None:
            since = now
        if not opened.is_open(now) and since is not None:
            found.append((_utc(since), _utc(now)))
            since = None
        now = opened.next_change(now)
    return found


def _utc(millis: int) -> str:
    from datetime import UTC

    return f"{datetime.fromtimestamp(millis / 1000, UTC):%d.%m. %H:%M}"


def test_a_daily_window_keeps_to_the_clocks_when_they_spring_forward() -> None:
    daily = window("2026-03-01T02:00", repeat="FREQ=DAILY")
    assert openings(daily, "2026-03-27T00:00Z", "2026-03-30T12:00Z") == [
        ("27.03. 01:00", "27.03. 02:00"),
        ("28.03. 01:00", "28.03. 02:00"),
        ("29.03. 01:00", "29.03. 02:00"),  # 02:00 is skipped that night: as if it were not, 03:00 summer time
        ("30.03. 00:00", "30.03. 01:00"),
    ]


def test_a_daily_window_keeps_to_the_clocks_when_they_fall_back_and_opens_once_that_night() -> None:
    daily = window("2026-10-01T02:00", repeat="FREQ=DAILY")
    assert openings(daily, "2026-10-24T00:00Z", "2026-10-26T12:00Z") == [
        ("24.10. 00:00", "24.10. 01:00"),
        ("25.10. 00:00", "25.10. 01:00"),  # 02:00 comes twice: the first
        ("26.10. 01:00", "26.10. 02:00"),
    ]


def test_a_window_across_the_change_lasts_its_duration_whatever_the_clocks_show() -> None:
    weekly = window("2026-10-18T01:00", hours=3, repeat="FREQ=WEEKLY")
    assert openings(weekly, "2026-10-20T00:00Z", "2026-10-26T00:00Z") == [("24.10. 23:00", "25.10. 02:00")]


def test_a_single_window_opens_once() -> None:
    once = window("2026-12-06T02:00", hours=2)
    assert openings(once, "2026-12-01T00:00Z", "2027-12-31T00:00Z") == [("06.12. 01:00", "06.12. 03:00")]


def test_windows_that_overlap_are_one_opening() -> None:
    long = window("2026-06-01T00:00", hours=36, repeat="FREQ=DAILY;COUNT=3", zone="UTC")
    assert openings(long, "2026-05-30T00:00Z", "2026-06-10T00:00Z") == [("01.06. 00:00", "04.06. 12:00")]


@pytest.mark.parametrize("until", ["20260603T010000Z", "20260603T030000"])
def test_until_is_read_on_the_zones_clocks(until: str) -> None:
    daily = window("2026-06-01T03:00", repeat=f"FREQ=DAILY;UNTIL={until}")
    assert [opened for opened, _ in openings(daily, "2026-05-30T00:00Z", "2026-06-10T00:00Z")] == [
        "01.06. 01:00",
        "02.06. 01:00",
        "03.06. 01:00",
    ]


def test_a_window_is_open_from_its_first_millisecond_to_before_its_end() -> None:
    once = window("2026-12-06T02:00", zone="UTC")
    start = at("2026-12-06T02:00Z")
    assert [once.is_open(time) for time in (start - 1, start, start + HOUR - 1, start + HOUR)] == [False, True, True, False]


def test_what_was_asked_before_does_not_change_the_answer() -> None:
    daily, times = (
        window("2026-03-01T02:00", repeat="FREQ=DAILY"),
        range(at("2026-03-28T00:00Z"), at("2026-03-31T00:00Z"), 1_700_000),
    )
    forwards = {time: daily.is_open(time) for time in times}
    assert {time: daily.is_open(time) for time in reversed(times)} == dict(reversed(forwards.items()))
