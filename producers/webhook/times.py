"""Times as senders write them, in milliseconds since 1970, UTC (BEHAVIOUR 2, rows starts_at and ends_at).

Not here: what stands in for a time that is absent or unreadable; doors never fill one in, the core does.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from msgspec import Raw

from producers.webhook.text import Json

MILLISECONDS_FROM = 10**11
"""An epoch number from here on is in milliseconds: as seconds it would be in the year 5138."""
MAX_LENGTH = 64
"""Longer than any time that can be read."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FIRST, _LAST = -62_104_060_800_000, 253_402_300_799_999
"""0002-01-01 and the end of 9999. Year 1 is Go's zero time, which means that there is none."""
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_DATE_AND_TIME = re.compile(r"[0-9W-]{7,10}(?:[Tt ][0-9:.,]+(?:[Zz]|[+-][0-9:]+)?)?", re.ASCII)


def millis_of(value: Json) -> int | None:
    """Read ISO 8601 text (no zone: UTC), or an epoch in seconds or milliseconds; None when it is neither."""
    if type(value) is str:
        if len(value) > MAX_LENGTH:
            return None
        return _from_digits(value) if _DIGITS.fullmatch(value) else _from_iso(value)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return _within(value if value >= MILLISECONDS_FROM else value * 1000)
    return _from_digits(bytes(value).decode()) if isinstance(value, Raw) else None


def _from_digits(text: str) -> int | None:
    number = float(text)  # its 53 bits hold milliseconds until the year 287396
    return _within(int(number if number >= MILLISECONDS_FROM else round(number * 1000))) if abs(number) < 1e15 else None


def _from_iso(text: str) -> int | None:
    if not _DATE_AND_TIME.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    if read.tzinfo is None:
        read = read.replace(tzinfo=UTC)
    return _within((read - _EPOCH) // _MILLISECOND)


def _within(millis: int) -> int | None:
    return millis if _FIRST <= millis <= _LAST else None
