"""What was received of each project and what became of it, in one partition: pure counting.

Not here: where the counts come from (`inbox.py`, `sink.py`) and where they are kept (`store.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.chain import Position
from schemas.records import Outcome
from sinks.ledger.words import Words, note_words, recent

EVENT_OUTCOMES = ("created", "merged", "recovered", "unmatched", "stale", "rejected")

Account = dict[str, int]
"""Of one project: `received`, and each outcome that there was; over the inbox offsets that the chain covers."""


def difference(account: Mapping[str, int]) -> int:
    """Tell how many received events have no outcome; below zero: outcomes of events that nobody received."""
    return account.get("received", 0) - sum(account.get(outcome, 0) for outcome in EVENT_OUTCOMES)


@dataclass(slots=True)
class Book:
    """One partition. Frames come from the inbox ahead of the chain; covering them moves their counts into the accounts."""

    position: Position = field(default_factory=Position)
    accounts: dict[str, Account] = field(default_factory=dict)
    read_to: int = 0
    words: Words = field(default_factory=dict)
    _ahead: dict[int, dict[str, int]] = field(default_factory=dict)

    def receive(self, offset: int, events: Mapping[str, int]) -> None:
        """Take the next frame of the inbox."""
        self.read_to = offset + 1
        if events and offset >= self.position.next_inbox:
            self._ahead[offset] = dict(events)

    def cover(self, position: Position, outcomes: Sequence[Outcome]) -> None:
        """Take an entry of the chain; all frames that it covers must have been received."""
        for offset in [offset for offset in self._ahead if offset < position.next_inbox]:
            for project, count in self._ahead.pop(offset).items():
                self._add(project, {"received": count})
        for outcome in outcomes:
            if outcome.integration is not None or not outcome.receipt:  # else a command's: its receipt is its id
                self._add(outcome.project, Counter(event.outcome for event in outcome.events))
                note_words(self.words, outcome)
        if self.words and outcomes:
            self.words = recent(self.words, max(outcome.at for outcome in outcomes))
        self.position = position

    def pending(self) -> dict[str, int]:
        """Count what was received beyond the chain, by project."""
        found: Counter[str] = Counter()
        for events in self._ahead.values():
            found.update(events)
        return dict(found)

    def oldest_pending(self) -> int | None:
        """Give the inbox offset of the first frame with events that the chain does not cover."""
        return next(iter(self._ahead), None)

    def _add(self, project: str, counts: Mapping[str, int]) -> None:
        account = self.accounts.setdefault(project, {})
        for name, count in counts.items():
            account[name] = account.get(name, 0) + count
