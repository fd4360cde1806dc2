"""What leaves the working state, and when: resolved alerts, old incidents, silences that ended (BEHAVIOUR 6, "Forgetting").

PostgreSQL keeps showing it. An alert is forgotten when it has been resolved for `forget_after`, and its incident too;
then it is known as `previous` for 7 days after its end. Not here: the indexes (`State`).
"""

from __future__ import annotations

from processors.core.state import State
from schemas.records import AlertState, IncidentState

STALE_MILLIS = 180_000
"""A retry may be that late: longer than a producer's delivery timeout of 120 s (BEHAVIOUR 4)."""
INCIDENT_KEPT_MILLIS = 90 * 86_400_000
AT_ONCE = 500
"""Alerts of one incident that are forgotten in one tick, so that a large one holds up nobody."""


def forget_after(state: State, project: str, *, by_hand: bool = False) -> int:
    """Give how long a resolved alert is kept: at least while it may flap, or a late copy of its messages may come.

    `by_hand`: a person resolved it; then also while that holds.
    """
    settings = state.rules.of(project).project
    holds = settings.resolved_by_hand_holds if by_hand else 0
    return max(settings.forget_after, settings.flap_window, holds, STALE_MILLIS)


def when_to_forget(state: State, alert: AlertState, *, by_hand: bool = False) -> int | None:
    """Give when an alert that is resolved now is forgotten by itself; None: with its incident, which is open."""
    incident = state.incident_of(alert)
    is_kept = incident is not None and incident.is_open
    return None if is_kept else state.now + forget_after(state, alert.project, by_hand=by_hand)


def forget_alerts_of(state: State, incident: IncidentState) -> None:
    """Forget the alerts that have waited for their incident; the rest of very many at the next tick."""
    members = sorted(state.members.get((incident.project, incident.number), ()))
    alerts = [state.alerts[incident.project, number] for number in members]
    due = [alert for alert in alerts if not alert.is_open and alert.forget_at is None]
    for alert in due[:AT_ONCE]:
        state.forget_alert(alert)
    state.change_incident(incident, forget_alerts_at=state.now + 1 if len(due) > AT_ONCE else None)
