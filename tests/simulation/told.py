"""What each receiver was told of each incident, and what may not follow on what.

Told twice of the same change means: a second "opened"; a severity that is no worse than one it was told; "resolved" of
what it knows as resolved, "reopened" of what it knows as open; a second "acknowledged" without an end between them. Not
here: whom the routes name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from processors.core.state import Decisions, Key, State
from schemas.records import SEVERITIES, Notification


@dataclass
class Knowledge:
    """What one receiver knows of one incident."""

    is_open: bool = True
    is_acknowledged: bool = False
    worst: int = len(SEVERITIES)


@dataclass
class Told:
    """All receivers' knowledge, from the notifications alone."""

    known: dict[Key, dict[str, Knowledge]] = field(default_factory=dict)
    counted: dict[Key, int] = field(default_factory=dict)

    def after(self, decisions: Decisions, state: State) -> Iterator[str]:
        """Follow the notifications of a record; gives what nobody should have been told, and what somebody was not."""
        for told in decisions.notifications:
            for problem in self._hear(told):
                yield f"incident {told.project}/{told.incident}, {told.receiver}: {problem}"
        for gone in decisions.forgettings:
            if gone.kind == "incident":
                self.known.pop((gone.project, int(gone.id)), None)
        for key in decisions.incidents:
            yield from self._knows(key, state)

    def _hear(self, told: Notification) -> Iterator[str]:
        key = (told.project, told.incident)
        if told.number != self.counted.get(key, 0) + 1:
            yield f"notification {told.number} after {self.counted.get(key, 0)}"
        self.counted[key] = told.number
        known = self.known.setdefault(key, {})
        if told.receiver not in known:
            if told.kind != "opened":
                yield f"told {told.kind} and never opened"
            known[told.receiver] = Knowledge()
        elif told.kind == "opened":
            yield "told opened twice"
        yield from _learn(known[told.receiver], told)

    def _knows(self, key: Key, state: State) -> Iterator[str]:
        incident = state.incidents.get(key)
        for receiver, known in self.known.get(key, {}).items():
            if incident is not None and known.is_open != incident.is_open:
                yield f"incident {key} is {incident.status}, and {receiver} was not told"


def _learn(known: Knowledge, told: Notification) -> Iterator[str]:
    severity = SEVERITIES.index(told.severity)
    match told.kind:
        case "severity_raised" if severity >= known.worst:
            yield f"told of {told.severity} again"
        case "resolved" if not known.is_open:
            yield "told resolved twice"
        case "reopened" if known.is_open:
            yield "told reopened of what it knows as open"
        case "acknowledged" if known.is_acknowledged:
            yield "told acknowledged twice"
        case "reminder" | "acknowledged" if not known.is_open:
            yield f"told {told.kind} of what it knows as resolved"
        case _:
            pass
    known.worst = min(known.worst, severity)
    known.is_open = (known.is_open or told.kind == "reopened") and told.kind != "resolved"
    known.is_acknowledged = told.kind == "acknowledged" or (known.is_acknowledged and told.kind not in ("resolved", "reopened"))
