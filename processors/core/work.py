"""One alert event on its way, and what all events of one item of a record have touched together.

Not here: the steps (`event.py`, `conclude.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from processors.core.decisions import Key
from processors.core.rules import ProjectRules
from processors.core.state import State
from schemas.records import AlertBatch, AlertEvent, AlertState, NotificationKind, OutcomeKind


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """An incident changed in a way that people may have to be told of."""

    project: str
    incident: int
    kind: NotificationKind


@dataclass(slots=True)
class Work:
    """One event: what came, what it met, what became of it.

    `alert` is the alert concerned as it is now, `before` as it was before the event (None for a new one).
    """

    state: State
    rules: ProjectRules
    batch: AlertBatch
    event: AlertEvent
    alert: AlertState | None = None
    before: AlertState | None = None
    outcome: OutcomeKind | None = None
    reason: str | None = None
    """Why, where the outcome alone would surprise its sender."""


@dataclass(slots=True)
class Round:
    """What one item of a record (a batch, a command, a tick) has touched, and what that changes.

    Incidents are decided when the whole item has been taken in, so that the order of its events is of no account.
    """

    state: State
    is_part: bool = False
    """More parts of the same request follow: what it ends may fire on in one of them."""
    firing: dict[Key, None] = field(default_factory=dict)
    """Alerts that fire and may open, join or worsen an incident."""
    ended: dict[Key, None] = field(default_factory=dict)
    """Incidents that an alert has ended in."""
    changes: dict[IncidentChange, bool] = field(default_factory=dict)
    """What people may have to be told, and whether an alert that does not flap has caused it."""

    def note(self, change: IncidentChange, cause: AlertState | None = None) -> None:
        """Note a change once, whatever number of alerts has caused it."""
        self.changes[change] = self.changes.get(change, False) or cause is None or not cause.is_flapping
