"""How much an integration may send: a bucket of alerts (`rate_limit`, else a generous default) and one of bytes for each.

Not here: what a request over the limit is told (`app.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from producers.webhook.door import Door
from schemas.over_limit import count_over

MINUTE_SECONDS = 60.0
What: TypeAlias = Literal["alerts", "bytes"]


@dataclass(slots=True)
class Bucket:
    """Holds a minute's worth; below zero after a request of more than that, which is let in when it is full."""

    per_minute: int
    level: float
    at: float

    def take(self, count: int, now: float) -> float:
        """Take so many out, or give the seconds to wait until they are there."""
        self.level = min(self.per_minute, self.level + (now - self.at) * self.per_minute / MINUTE_SECONDS)
        self.at = now
        missing = min(count, self.per_minute) - self.level
        if missing > 0:
            return missing * MINUTE_SECONDS / self.per_minute
        self.level -= count
        return 0.0


class Rates:
    """The buckets of all integrations; an integration whose limit changes gets a new one."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._buckets: dict[tuple[str, str, What], Bucket] = {}

    def take(self, door: Door, count: int) -> float:
        """Let so many alerts in (0.0), or give the seconds after which they would be; they are not counted then."""
        wait_seconds = self._take(door, "alerts", alerts_per_minute(door), count)
        if wait_seconds and door.rate_limit_per_minute is None:
            count_over("max_alerts_per_minute")
        return wait_seconds

    def take_bytes(self, door: Door, size: int) -> float:
        """The same of the bytes of a body."""
        wait_seconds = self._take(door, "bytes", door.limits.max_bytes_per_minute, size)
        if wait_seconds:
            count_over("max_bytes_per_minute")
        return wait_seconds

    def _take(self, door: Door, what: What, per_minute: int, count: int) -> float:
        now = self._now()
        key = (door.project, door.integration, what)
        bucket = self._buckets.get(key)
        if bucket is None or bucket.per_minute != per_minute:
            bucket = self._buckets[key] = Bucket(per_minute, per_minute, now)
        return bucket.take(count, now)


def alerts_per_minute(door: Door) -> int:
    return door.limits.max_alerts_per_minute if door.rate_limit_per_minute is None else door.rate_limit_per_minute
