"""Durations and rates as people write them: `1h30m`, `500ms`, `600/m`. Not here: times of day."""

from __future__ import annotations

import re

UNIT_MILLIS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
MAX_DAYS = 3650
"""Ten years: longer is a slip of the unit."""
DURATION_HINT = "write a duration such as 10s, 5m, 1h30m or 7d"
RATE_HINT = "write a rate such as 600/m (or /s, /h)"
_DURATION = re.compile(r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?", re.ASCII)
_RATE = re.compile(r"([1-9][0-9]{0,8})/(s|m|h)", re.ASCII)


def parse_duration(text: str) -> int:
    """Read a duration, largest unit first, as whole milliseconds; raises `ValueError` that says what to write."""
    if text == "0":
        return 0
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        raise ValueError(f"{text!r} is no duration; {DURATION_HINT}")
    if any(len(count or "") > 12 for count in found.groups()):
        raise ValueError(f"{text!r} is longer than ten years; {DURATION_HINT}")
    millis = sum(int(count or 0) * unit for count, unit in zip(found.groups(), UNIT_MILLIS.values(), strict=True))
    if millis > MAX_DAYS * UNIT_MILLIS["d"]:
        raise ValueError(f"{text!r} is longer than ten years; {DURATION_HINT}")
    return millis


def render_duration(millis: int) -> str:
    """Write milliseconds so that they read back equal: `1h30m`; none is `0m`."""
    parts: list[str] = []
    for unit, size in UNIT_MILLIS.items():
        count, millis = divmod(millis, size)
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
