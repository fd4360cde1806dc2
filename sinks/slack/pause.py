"""A rest for one message alone, while its channel takes others: longer each time. Pure: it is told the time.

Not here: rests of whole channels (`rate.py`, `health.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 30.0, 3600.0


@dataclass(slots=True)
class Pause:
    """`error`: Slack's word for why it does not take this message, and `since` when (milliseconds); empty: it says nothing."""

    error: str = ""
    since: int = 0
    until: float = float("-inf")
    times: int = 0

    def is_on(self, now: float) -> bool:
        return now < self.until

    def lengthen(self, now: float) -> None:
        """Rest, twice as long as the last time."""
        self.until = now + min(LAST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(self.times, 10))
        self.times += 1

    def refuse(self, error: str, now: float, millis: int) -> None:
        """Rest, since Slack does not take this message and says so with a word that we do not know."""
        self.error, self.since = error, self.since or millis
        self.lengthen(now)
