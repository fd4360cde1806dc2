"""What each receiver was told of each incident, and what may not follow on what.

Told twice of the same change means: a second "opened"; a severity that is no worse than one it was told (unless a person
lowered it since); more "resolved" or "reopened" than the incident's timeline has since it was told; a second "acknowledged"
without a reopening between them. Who was told of the opening is told of each resolution once, whatever the routes say
by then. Not here: whom the routes name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from processors.core.decisions import Decisions
from processors.core.state import State
from schemas.records import SEVERITIES, Notification, TimelineItem

Key = tuple[str, int]


@dataclass
class Knowledge:
    """What one receiver knows of one incident; `told` counts what it was told of since, `before` what had been when it was."""

    is_new: bool = True
    is_acknowledged: bool = False
    worst: int = len(SEVERITIES)
    told: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)


@dataclass
class Told:
    """All receivers' knowledge, from the notifications and the timeline alone."""

    known: dict[Key, dict[str, Knowledge]] = field(default_factory=dict)
    counted: dict[Key, int] = field(default_factory=dict)
    happened: dict[Key, Counter[str]] = field(default_factory=dict)

    def after(self, decisions: Decisions, state: State) -> Iterator[str]:
        """Follow the notifications of a record; gives what nobody should have been told, and what somebody was not."""
        for item in decisions.timeline:
            self._note(item)
        for told in decisions.notifications:
            for problem in self._hear(told):
                yield f"incident {told.project}/{told.incident}, {told.receiver}: {problem}"
        for key in decisions.incidents:
            yield from self._knows(key)
        for gone in decisions.forgettings:
            if gone.kind == "incident":
                self.known.pop((gone.project, int(gone.id)), None)

    def _note(self, item: TimelineItem) -> None:
        key = (item.project, item.incident or 0)
        self.happened.setdefault(key, Counter())[item.kind] += 1
        for known in self.known.get(key, {}).values():
            if item.kind == "severity_lowered":
                known.worst = SEVERITIES.index(item.details["after"])
            known.is_acknowledged &= item.kind != "reopened"

    def _hear(self, told: Notification) -> Iterator[str]:
        key = (told.project, told.incident)
        if told.number != self.counted.get(key, 0) + 1:
            yield f"notification {told.number} after {self.counted.get(key, 0)}"
        self.counted[key] = told.number
        known = self.known.setdefault(key, {})
        if told.receiver not in known and told.kind != "opened":
            yield f"told {told.kind} and never opened"
        if told.receiver in known and told.kind == "opened":
            yield "told opened twice"
        yield from _learn(known.setdefault(told.receiver, Knowledge()), told)

    def _knows(self, key: Key) -> Iterator[str]:
        happened = self.happened.get(key, Counter())
        for receiver, known in self.known.get(key, {}).items():
            if known.is_new:  # in what order a record did all it did is not to be seen from here
                known.before, known.is_new = happened - known.told, False
            if known.told["resolved"] != happened["resolved"] - known.before["resolved"]:
                yield f"incident {key} was resolved {happened['resolved']} times, {receiver} told {known.told['resolved']}"
            if known.told["reopened"] > happened["reopened"] - known.before["reopened"]:
                yield f"incident {key}, {receiver}: told reopened twice"


def _learn(known: Knowledge, told: Notification) -> Iterator[str]:
    severity = SEVERITIES.index(told.severity)
    if told.kind == "severity_raised" and severity >= known.worst:
        yield f"told of {told.severity} again"
    if told.kind == "acknowledged" and known.is_acknowledged:
        yield "told acknowledged twice"
    if told.kind == "reminder" and told.status != "triggered":
        yield f"reminded of what is {told.status}"
    known.told[told.kind] += 1
    if told.kind in ("opened", "severity_raised"):  # the others name it in passing, as it may have become in silence
        known.worst = min(known.worst, severity)
    known.is_acknowledged |= told.kind == "acknowledged"
