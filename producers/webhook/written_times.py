"""Times as text of year, month and day, with the zone that stands beside them; each shape one expression, nothing is guessed.

Read are dates with the year first and dates with the month's name: `2026/11/27 11:45`, `Fri, 27 Nov 2026 11:45:00 GMT`,
and what Go, Java, JavaScript and Unix' `date` write. Refused are orders of two numbers that may be day and month, years of
two digits, and abbreviations of zones but UTC's own, since most stand for several. (dateutil takes `1 2 Nov 2026` for a day
in 2001, so it is not asked.) Not here: epochs, and what counts as absent (`times.py`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?(?:\ ?(?P<half>[ap]m))?"
_ZONE = (
    r"(?:\ ?(?:Z|UTC|GMT|UT))?(?:\ ?(?P<offset>[+-]\d{2}(?::?\d{2})?)"
    r"(?:\ ?(?:[A-Z]{1,5}|[+-]\d{2,4}|\[[^]]*\]|\([^)]*\)))?(?:\ m=[+-][\d.]+)?)?"
)
"""After an offset its zone's name, which says no more, and Go's monotonic clock."""
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\ )?"
_MONTH = rf"(?P<month>{'|'.join(MONTHS)})[a-z]{{0,6}}\.?"
_DAY, _YEAR = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?", r"(?P<year>\d{4})"
_BETWEEN = r"(?:,?\ (?:at\ )?|T|:|_)"
_SHAPES = [
    re.compile(shape, re.ASCII | re.IGNORECASE | re.VERBOSE)
    for shape in (
        rf"{_YEAR}(?P<mark>[-/.])(?P<number>\d{{1,2}})(?P=mark){_DAY}(?:{_BETWEEN}{_TIME}{_ZONE})?",
        rf"{_YEAR}[-\ /]{_MONTH}[-\ /]{_DAY}(?:{_BETWEEN}{_TIME}{_ZONE})?",
        rf"{_WEEKDAY}{_DAY}[-\ /]{_MONTH}[-\ /]{_YEAR}(?:{_BETWEEN}{_TIME}{_ZONE})?",
        rf"{_WEEKDAY}{_MONTH}\ {_DAY},?\ {_YEAR}(?:{_BETWEEN}{_TIME}{_ZONE})?",
        rf"{_WEEKDAY}{_MONTH}\ {_DAY}\ {_TIME}{_ZONE}\ {_YEAR}",
        r"(?P<year>\d{4})(?P<number>\d{2})(?P<day>\d{2})(?:(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2}))?",
    )
]
_TWO_ORDERS = re.compile(r"\d{1,2}([-/. ])\d{1,2}\1(?:\d{4}|\d{2})(?!\d).*", re.ASCII)
_ZONE_NAME = re.compile(
    r".*:\d{2}(?:[.,]\d+)?(?: ?[ap]m)? (?!(?:utc|gmt|ut)\b)(?P<name>[a-z]{2,5})(?: \d{4})?", re.ASCII | re.IGNORECASE
)


def read_written(text: str) -> datetime:
    """Read a time, UTC where no zone stands; raises `ValueError` with the reason, empty where there is none to give."""
    text = " ".join(text.split())
    for shape in _SHAPES:
        if found := shape.fullmatch(text):
            return _build(found.groupdict())
    if _TWO_ORDERS.fullmatch(text):
        raise ValueError("which of its numbers is the day and which the month is not guessed")
    if named := _ZONE_NAME.fullmatch(text):
        raise ValueError(f"which zone {named['name']!r} stands for is not guessed")
    raise ValueError("")


def _build(said: dict[str, str | None]) -> datetime:
    number = said.get("number")
    month = int(number) if number else MONTHS.index((said["month"] or "").lower()) + 1
    day = datetime(int(said["year"] or 0), month, int(said["day"] or 0), tzinfo=_zone(said.get("offset")))
    hour, minute, second = (int(said.get(name) or 0) for name in ("hour", "minute", "second"))
    if half := said.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError(f"there is no hour {hour} {half}")
        hour = hour % 12 + 12 * (half.lower() == "pm")
    if hour * 3600 + minute * 60 > 86_400 or minute > 59 or second > 60:  # 24:00 ends a day, second 60 is a leap second
        raise ValueError("there is no such time of day")
    microseconds = int(((said.get("fraction") or "") + "000000")[:6])
    return day + timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microseconds)


def _zone(offset: str | None) -> timezone:
    """Read +0100, +01:00 or +01; none is UTC."""
    if not offset:
        return UTC
    digits = offset[1:].replace(":", "").ljust(4, "0")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if span >= timedelta(days=1):
        raise ValueError("there is no such offset")
    return timezone(-span if offset[0] == "-" else span)
