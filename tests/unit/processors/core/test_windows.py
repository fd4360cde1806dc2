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


def lasting(duration: str, start: str, repeat: str | None = None, zone: str = "Europe/Berlin") -> Window:
    return Window(Maintenance(name="w", match=[], start=start, duration=duration, repeat=repeat, zone=zone))


def ending(end: str, start: str, repeat: str | None = None, zone: str = "Europe/Berlin") -> Window:
    return Window(Maintenance(name="w", match=[], start=start, end=end, repeat=repeat, zone=zone))


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


WEEKENDS = "FREQ=WEEKLY;BYDAY=FR"
SPRING, AUTUMN = ("2026-03-25T00:00Z", "2026-04-08T00:00Z"), ("2026-10-01T00:00Z", "2026-10-07T00:00Z")


def test_friday_evening_to_monday_morning_stays_so_over_both_changes_in_berlin() -> None:
    weekends = ending("2026-03-23T06:00", "2026-03-20T18:00", WEEKENDS)
    assert openings(weekends, *SPRING) == [("27.03. 17:00", "30.03. 04:00"), ("03.04. 16:00", "06.04. 04:00")]
    assert openings(weekends, "2026-10-20T00:00Z", "2026-11-03T00:00Z") == [
        ("23.10. 16:00", "26.10. 05:00"),
        ("30.10. 17:00", "02.11. 05:00"),
    ]


def test_friday_evening_to_monday_morning_stays_so_over_both_changes_in_sydney() -> None:
    weekends = ending("2026-03-23T06:00", "2026-03-20T18:00", WEEKENDS, "Australia/Sydney")
    assert openings(weekends, *SPRING) == [("27.03. 07:00", "29.03. 19:00"), ("03.04. 07:00", "05.04. 20:00")]
    assert openings(weekends, *AUTUMN) == [("02.10. 08:00", "04.10. 19:00")]


@pytest.mark.parametrize("duration", ["2d12h", "60h"])
def test_days_and_hours_differ_over_a_change(duration: str) -> None:
    weekends = lasting(duration, "2026-03-20T18:00", WEEKENDS)
    monday = {"2d12h": "04:00", "60h": "05:00"}[duration]
    assert openings(weekends, *SPRING)[0] == ("27.03. 17:00", f"30.03. {monday}")


@pytest.mark.parametrize(
    ("zone", "start", "day", "day_ends", "hours_end"),
    [
        ("Europe/Berlin", "2026-03-29T00:00", "28.03. 23:00", "29.03. 22:00", "29.03. 23:00"),
        ("Europe/Berlin", "2026-10-25T00:00", "24.10. 22:00", "25.10. 23:00", "25.10. 22:00"),
        ("Australia/Sydney", "2026-04-05T00:00", "04.04. 13:00", "05.04. 14:00", "05.04. 13:00"),
        ("Australia/Sydney", "2026-10-04T00:00", "03.10. 14:00", "04.10. 13:00", "04.10. 14:00"),
        ("Australia/Lord_Howe", "2026-04-05T00:00", "04.04. 13:00", "05.04. 13:30", "05.04. 13:00"),
    ],
)
def test_a_day_is_the_clocks_day_and_24_hours_are_24_hours(
    zone: str, start: str, day: str, day_ends: str, hours_end: str
) -> None:
    year = ("2026-01-01T00:00Z", "2026-12-31T00:00Z")
    assert openings(lasting("1d", start, zone=zone), *year) == [(day, day_ends)]
    assert openings(lasting("24h", start, zone=zone), *year) == [(day, hours_end)]


def test_a_week_is_seven_days_of_the_clocks() -> None:
    week = lasting("1w", "2026-03-25T12:00")
    assert openings(week, "2026-03-01T00:00Z", "2026-05-01T00:00Z") == [("25.03. 11:00", "01.04. 10:00")]


def test_days_come_first_and_hours_after_them_exactly() -> None:
    """On Sunday at 01:30 an hour and a half before the skipped hour's end: 02:00 is not there."""
    assert openings(lasting("1d1h", "2026-03-28T01:30"), *("2026-03-01T00:00Z", "2026-05-01T00:00Z")) == [
        ("28.03. 00:30", "29.03. 01:30")
    ]


def test_a_duration_in_milliseconds_as_older_configurations_have_it_is_exact() -> None:
    old = Window(Maintenance(name="w", match=[], start="2026-03-29T00:00", duration=24 * HOUR, zone="Europe/Berlin"))
    assert openings(old, "2026-03-01T00:00Z", "2026-05-01T00:00Z") == [("28.03. 23:00", "29.03. 23:00")]


def test_a_night_whose_clocks_skip_the_window_has_none() -> None:
    """02:30 to 03:00: on that night half past two comes when the clocks show half past three."""
    nightly = ending("2026-03-01T03:00", "2026-03-01T02:30", "FREQ=DAILY")
    assert openings(nightly, "2026-03-28T00:00Z", "2026-03-31T00:00Z") == [
        ("28.03. 01:30", "28.03. 02:00"),
        ("30.03. 00:30", "30.03. 01:00"),
    ]


def test_a_start_that_the_clocks_skip_hides_no_later_one_that_comes_before_it() -> None:
    often = lasting("10m", "2026-03-01T02:30", "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;BYSETPOS=2,3")
    assert [opened for opened, _ in openings(often, "2026-03-29T00:00Z", "2026-03-29T06:00Z")] == ["29.03. 01:00", "29.03. 01:30"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"])
def test_a_day_as_until_includes_that_day(zone: str) -> None:
    daily = lasting("1h", "2026-11-25T18:00", "FREQ=DAILY;UNTIL=20261127", zone)
    assert len(openings(daily, "2026-11-20T00:00Z", "2026-12-10T00:00Z")) == 3
