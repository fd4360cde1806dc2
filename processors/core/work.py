"""One alert event on its way through the steps: what came, what it met, what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    """What the steps hand on; each step reads what the ones before it set.

    `alert` is the alert concerned as it is now, `before` as it was before the event (None for a new one).
    """

    state: State
    rules: ProjectRules
    batch: AlertBatch
    event: AlertEvent
    alert: AlertState | None = None
    before: AlertState | None = None
    outcome: OutcomeKind | None = None
    changes: list[IncidentChange] = field(default_factory=list)
