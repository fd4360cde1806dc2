"""Times as senders write them, in milliseconds since 1970, UTC (BEHAVIOUR 2, "Times"): one place for all formats.

A time is read, or it is absent, or its element is refused; nothing is guessed. Not here: what stands in for an absent one
(doors never fill one in, the core does), and dates as text (`written_times.py`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from producers.webhook.refused import RejectedElement
from producers.webhook.text import Json, clean, cut, scalar_text
from producers.webhook.written_times import read_written

MILLISECONDS_FROM, MICROSECONDS_FROM, NANOSECONDS_FROM = 10**11, 10**14, 10**17
"""An epoch from here on is in milliseconds (as seconds it would be in the year 5138), in micro- or in nanoseconds."""
MAX_LENGTH = 100
"""Longer than any time that can be read."""
SHOWN_LENGTH = 64
"""So much of what cannot be read is repeated in the answer."""
NO_TIMES = frozenset(("null", "none", "nil", "undefined", "n/a", "na", "never", "infinity"))
"""Words for no time, in any case. So is text without any letter or digit, such as a dash."""
ADVICE = "write it as 2026-11-27T11:45:00Z, or as seconds since 1970"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FIRST, _END = -62_104_060_800_000, 253_370_764_800_000
"""0002-01-01 and 9999-01-01. Year 1 is the zero time of Go and .NET; the last year is how some write that there is no end."""
_EPOCH_TEXT = re.compile(r"-[0-9.]+|\+?(?:[0-9]{1,7}|[0-9]{9,13}|[0-9]{15,20})(?:\.[0-9]*)?", re.ASCII)
"""Numbers of 8 and 14 digits are dates (20261127, 20261127114500): as epochs they would lie in 1970 and after 2600."""
_ISO = re.compile(r"[0-9W-]{7,10}(?:[Tt ][0-9:.,]+(?:[Zz]|[+-][0-9:]+)?)?|[0-9]{8}T[0-9.,]+[Zz]?", re.ASCII)
_ZERO_DATE = re.compile(r"0{4}([-/.])00?\1(?:00?|01|1)(?!\d).*|0001-01-01(?!\d).*", re.ASCII)
"""MySQL's date that is none, and year 1 where an offset may lead out of the calendar."""


def time_of(value: Json, field: str) -> int | None:
    """Read a time; None when there is none. Raises `RejectedElement`, naming field and text, when it cannot be read."""
    try:
        return millis_of(value)
    except (ValueError, OverflowError) as error:
        reason = f" ({error})" if str(error) else ""
        raise RejectedElement(f"{field} {_shown(value)} is no time that can be read{reason}; {ADVICE}") from error


def millis_of(value: Json) -> int | None:
    """Read text, or an epoch in seconds, milli-, micro- or nanoseconds; None: absent. Raises `ValueError` with the reason."""
    if type(value) is str:
        return _from_text(value)
    if value is None or value is False or value == [] or value == {}:
        return None
    number = None if value is True else scalar_text(value)
    if number is None or len(number) > MAX_LENGTH:
        raise ValueError("")
    return _from_number(float(number)) if "e" in number.lower() else _from_text(number)


def _from_text(value: str) -> int | None:
    if len(value) <= MAX_LENGTH and _ISO.fullmatch(value) and (read := _from_iso(value)) is not None:
        return _within(read)
    text = value.strip()
    if len(text) > MAX_LENGTH:
        raise ValueError("")
    if text.lower() in NO_TIMES or not any(map(str.isalnum, text)) or _ZERO_DATE.fullmatch(text):
        return None
    return _from_number(float(text)) if _EPOCH_TEXT.fullmatch(text) else _within(read_written(text))


def _from_number(number: float) -> int | None:
    """Read an epoch (the 53 bits hold milliseconds until the year 287396); zero and less say that there is none."""
    if number <= 0:
        return None
    if number < MILLISECONDS_FROM:
        return _fitting(round(number * 1000))
    for limit, in_a_millisecond in ((MICROSECONDS_FROM, 1), (NANOSECONDS_FROM, 1000), (NANOSECONDS_FROM * 1000, 1_000_000)):
        if number < limit:
            return _fitting(int(number / in_a_millisecond))
    raise ValueError("")


def _from_iso(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _within(read: datetime) -> int | None:
    return _fitting((read - _EPOCH) // _MILLISECOND)


def _fitting(millis: int) -> int | None:
    return millis if _FIRST <= millis < _END and millis else None


def _shown(value: Json) -> str:
    if isinstance(value, list | dict):
        return "(a list)" if isinstance(value, list) else "(an object)"
    return repr(cut(" ".join(clean(_beginning(value)).split()), SHOWN_LENGTH))


def _beginning(value: Json) -> str:
    """Give as much of a scalar as could be shown: the rest is not even looked at."""
    said = value if isinstance(value, str) else scalar_text(value) or ""
    return said[: 4 * SHOWN_LENGTH]
