"""Writing entries into the timelines of incidents, and of alerts that are in none. Not here: what the entries say."""

from __future__ import annotations

from collections.abc import Mapping

from processors.core.state import State
from schemas.records import ALERT_BOT, AlertState, IncidentState, TimelineItem

Place = tuple[str, int | None, int | None, int]
"""Project, incident, alert, and the number of the entry in its timeline."""


def record(
    state: State,
    incident: IncidentState,
    kind: str,
    text: str,
    actor: str = ALERT_BOT,
    *,
    alert: int | None = None,
    at: int | None = None,
    details: Mapping[str, str] | None = None,
) -> IncidentState:
    """Add an entry to an incident's timeline, about one of its alerts or the whole; `at`: when it was, if not now."""
    number = incident.timeline_count + 1
    when = state.now if at is None else at
    _write(state, (incident.project, incident.number, alert, number), when, actor, kind, text, details)
    return state.change_incident(incident, timeline_count=number)


def record_of_alert(
    state: State, alert: AlertState, kind: str, text: str, actor: str, details: Mapping[str, str] | None = None
) -> None:
    """Add an entry about an alert to its incident's timeline; to its own while it is in none."""
    incident = state.incident_of(alert)
    if incident is not None:
        record(state, incident, kind, text, actor, alert=alert.number, details=details)
        return
    number = alert.timeline_count + 1
    _write(state, (alert.project, None, alert.number, number), state.now, actor, kind, text, details)
    state.change_alert(alert, timeline_count=number)


def _write(state: State, place: Place, at: int, actor: str, kind: str, text: str, details: Mapping[str, str] | None) -> None:
    cause = state.cause
    state.decisions.timeline.append(TimelineItem(*place, at, actor, kind, text, dict(details or {}), cause.offset, cause.index))
