"""How a child process ended, in words and for counting. Not here: starting it again (`supervisor.py`)."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class End:
    """The end of one life: `how` ends a sentence that begins with the child's name, `at` is ISO 8601 in UTC.

    `signal` is the name of the signal that it died by, None when it ended by itself or never lived.
    """

    how: str
    at: str
    signal: str | None = None


def end_of(code: int, at_millis: int) -> End:
    """Read an exit code as `Process.wait` gives it: negative for a signal."""
    if code >= 0:
        return End(f"ended with exit code {code}", _iso(at_millis))
    name = signal_name(-code)
    return End(f"was ended by {name}", _iso(at_millis), name)


def failed_start(error: Exception, at_millis: int) -> End:
    """Describe a life that did not begin."""
    return End(f"could not be started: {error}", _iso(at_millis))


def fault(error: Exception, at_millis: int) -> End:
    """Describe a life that ended because its keeper met a fault of ours."""
    return End(f"was let go by a fault of the supervisor: {error!r}", _iso(at_millis))


def signal_name(number: int) -> str:
    """Name a signal; most of the real-time ones have a number only."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _iso(millis: int) -> str:
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
