"""Writing an entry into an incident's timeline. Not here: the timeline of an alert that is in none (`commands/request.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from processors.core.state import State
from schemas.records import ALERT_BOT, IncidentState, TimelineItem


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
    number, cause = incident.timeline_count + 1, state.cause
    when = state.now if at is None else at
    item = TimelineItem(
        incident.project, incident.number, alert, number, when, actor, kind, text, dict(details or {}), cause.offset, cause.index
    )
    state.decisions.timeline.append(item)
    return state.change_incident(incident, timeline_count=number)
