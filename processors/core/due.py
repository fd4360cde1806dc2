"""Timers: what is due when, of alerts, incidents and silences, in the order of their due times (DESIGN section 1, "Time").

A timer is a field of its entity; here is only the order. One that its entity has since moved or dropped is passed over.
Not here: what is done when one is due (`timers.py`).
"""

from __future__ import annotations

import heapq
from typing import Literal

from schemas.records import AlertState, IncidentState, SilenceState

TimerKind = Literal[
    "alert_forget",
    "alert_hold",
    "alert_steady",
    "incident_forget",
    "incident_forget_alerts",
    "incident_publish",
    "incident_remind",
    "incident_resolve",
    "incident_sla",
    "silence_forget",
]
FIELDS: dict[TimerKind, str] = {
    "alert_forget": "forget_at",
    "alert_hold": "hold_until",
    "alert_steady": "steady_at",
    "incident_forget": "forget_at",
    "incident_forget_alerts": "forget_alerts_at",
    "incident_publish": "publish_at",
    "incident_remind": "remind_at",
    "incident_resolve": "resolve_at",
    "incident_sla": "sla_at",
}
OF_ALERTS = tuple(pair for pair in FIELDS.items() if pair[0].startswith("alert"))
OF_INCIDENTS = tuple(pair for pair in FIELDS.items() if pair[0].startswith("incident"))
SILENCE_KEPT_MILLIS = 24 * 3_600_000
"""How long a silence that has ended stays in the working state."""
Timer = tuple[int, TimerKind, str, int]
"""Due time, kind, project and number; fired in this order."""
Entity = AlertState | IncidentState | SilenceState


def due_of(entity: Entity, kind: TimerKind) -> int | None:
    """Give when a timer of an entity is due; None: it is not set."""
    if isinstance(entity, SilenceState):
        return entity.ends_at + SILENCE_KEPT_MILLIS
    due: int | None = getattr(entity, FIELDS[kind])
    return due


class Timers:
    """The order of all timers of a partition. Entries are never undone: one that does not stand is passed over."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []

    def note(self, kinds: tuple[tuple[TimerKind, str], ...], old: Entity | None, entity: AlertState | IncidentState) -> None:
        """Note the timers of these kinds that an entity has and its older form had not."""
        for kind, field in kinds:
            due = getattr(entity, field)
            if due is not None and (old is None or getattr(old, field) != due):
                heapq.heappush(self._heap, (due, kind, entity.project, entity.number))

    def note_silence(self, silence: SilenceState) -> None:
        """Note when a silence leaves the working state."""
        heapq.heappush(self._heap, (silence.ends_at + SILENCE_KEPT_MILLIS, "silence_forget", silence.project, int(silence.id)))

    def pop(self, now: int) -> Timer | None:
        """Take the first that is due; None: none is."""
        return heapq.heappop(self._heap) if self._heap and self._heap[0][0] <= now else None
