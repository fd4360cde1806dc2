"""Durations and rates as people write them: `1h30m`, `500ms`, `600/m`; and spans on a zone's clocks. Not here: times of day."""

from __future__ import annotations

import re
from dataclasses import dataclass

UNIT_MILLIS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
DAYS = {"w": 7, "d": 1}
MAX_DAYS = 3650
"""Ten years: longer is a slip of the unit."""
DURATION_HINT = "write a duration such as 10s, 5m, 1h30m or 7d"
RATE_HINT = "write a rate such as 600/m (or /s, /h)"
_DURATION = re.compile(r"(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?", re.ASCII)
_RATE = re.compile(r"([1-9][0-9]{0,8})/(s|m|h)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Days on the clocks of a zone, which may have 23 or 25 hours, and exact milliseconds after them (RFC 5545, 3.3.6)."""

    days: int
    millis: int


def parse_duration(text: str) -> int:
    """Read a duration, largest unit first, as whole milliseconds; raises `ValueError` that says what to write."""
    if text == "0":
        return 0
    return sum(count * UNIT_MILLIS[unit] for unit, count in _counts(text).items())


def parse_span(text: str) -> Span:
    """Read a duration whose `w` and `d` are days on the clocks, whatever is smaller exact; raises `ValueError` as above."""
    counts = _counts(text)
    days = sum(counts[unit] * size for unit, size in DAYS.items())
    return Span(days, sum(count * UNIT_MILLIS[unit] for unit, count in counts.items() if unit not in DAYS))


def _counts(text: str) -> dict[str, int]:
    """Give how many of each unit a duration has."""
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        raise ValueError(f"{text!r} is no duration; {DURATION_HINT}")
    if any(len(count or "") > 12 for count in found.groups()):
        raise ValueError(f"{text!r} is longer than ten years; {DURATION_HINT}")
    counts = {unit: int(count or 0) for unit, count in zip(UNIT_MILLIS, found.groups(), strict=True)}
    if sum(count * UNIT_MILLIS[unit] for unit, count in counts.items()) > MAX_DAYS * UNIT_MILLIS["d"]:
        raise ValueError(f"{text!r} is longer than ten years; {DURATION_HINT}")
    return counts


def render_duration(millis: int) -> str:
    """Write milliseconds so that they read back equal: `1h30m`; none is `0m`."""
    return _render(millis, ("d", "h", "m", "s", "ms"))


def render_exact(millis: int) -> str:
    """Write milliseconds without days, which may be other than 24 hours: `36h`."""
    return _render(millis, ("h", "m", "s", "ms"))


def _render(millis: int, units: tuple[str, ...]) -> str:
    parts: list[str] = []
    for unit in units:
        count, millis = divmod(millis, UNIT_MILLIS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0m"


def parse_rate(text: str) -> int:
    """Read a rate as events per minute, rounded up; raises `ValueError` that says what to write."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no rate; {RATE_HINT}")
    count = int(found[1])
    return {"s": count * 60, "m": count, "h": -(-count // 60)}[found[2]]
