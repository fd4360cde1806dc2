"""How many alerts a generic integration may send (`rate_limit`): a bucket for each, that fills as time passes.

Not here: what a request over the limit is told (`app.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from producers.webhook.door import Door

MINUTE_SECONDS = 60.0


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
    """The buckets of all integrations that have a limit; an integration whose limit changes gets a new one."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def take(self, door: Door, count: int) -> float:
        """Let so many alerts in (0.0), or give the seconds after which they would be; they are not counted then."""
        if door.rate_limit_per_minute is None:
            return 0.0
        now = self._now()
        bucket = self._buckets.get((door.project, door.integration))
        if bucket is None or bucket.per_minute != door.rate_limit_per_minute:
            bucket = Bucket(door.rate_limit_per_minute, door.rate_limit_per_minute, now)
            self._buckets[door.project, door.integration] = bucket
        return bucket.take(count, now)
