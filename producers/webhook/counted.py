"""What was accepted of one large request, and what was not, counted as it comes.

Not here: what is told of it (`answers.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from producers.webhook.formats.parsed import Slice, Taken
from schemas.over_limit import count_over
from schemas.reasons import is_ignored
from schemas.records import Refusal


class Counted:
    """Keeps at most so many refusals, the first that came; the receipt will tell of all."""

    def __init__(self, max_listed: int) -> None:
        self._max_listed = max_listed
        self._accepted = 0
        self._refusals: list[Refusal] = []
        self._more = self._ignored = 0

    def add(self, made: Slice) -> None:
        """Count a slice that is sent."""
        self._accepted += len(made.events)
        self._refuse(made.refusals)

    def lose(self, too_large: Sequence[Refusal]) -> None:
        """Count as refused what was sent, and Kafka never takes."""
        self._accepted -= len(too_large)
        self._refuse(too_large)

    def taken(self) -> Taken:
        if self._more:
            count_over("max_listed_refusals")
        return Taken(self._accepted, sorted(self._refusals, key=lambda refusal: refusal.index), self._more, self._ignored)

    def _refuse(self, refusals: Sequence[Refusal]) -> None:
        self._ignored += sum(is_ignored(refusal.reason) for refusal in refusals)
        listed = refusals[: self._max_listed - len(self._refusals)]
        self._refusals += listed
        self._more += len(refusals) - len(listed)
