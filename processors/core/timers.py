"""What is due: timers that fire on the clock's ticks, in the order of their due times (DESIGN section 1, "Time").

Not here: their order (`due.py`), absences (`absence.py`), silences and windows that begin or end (`suppress.py`).
"""

from __future__ import annotations

from functools import partial

from processors.core import incidents, page_entries
from processors.core.attempt import attempt
from processors.core.deduplicate import open_again
from processors.core.due import FIELDS, Entity, TimerKind
from processors.core.forgetting import forget_alerts_of
from processors.core.notify import remind, tell
from processors.core.state import State
from processors.core.timeline import record
from processors.core.work import IncidentChange, Round
from schemas.records import AlertState, IncidentState, SilenceState


def fire_due_timers(state: State, round: Round) -> None:
    """Fire each timer that is due, once; one that fails is dropped with a word in the timeline, the others go on.

    What fires again is noted in the round, which is the caller's to conclude.
    """
    while (due := state.pop_due_timer()) is not None:
        kind, entity = due
        error = attempt(state, partial(_fire, round, kind, entity))
        if error is not None:  # a rule or program that fails must not fail again at every tick
            _drop(state, kind, entity, error)


def _fire(round: Round, kind: TimerKind, entity: Entity) -> None:
    state = round.state
    match entity:
        case IncidentState():
            _fire_of_incident(state, kind, entity)
        case AlertState() if kind == "alert_steady":
            _end_flapping(state, entity)
        case AlertState() if kind == "alert_hold":
            _end_hold(round, entity)
        case AlertState():
            state.forget_alert(entity)
        case SilenceState():
            state.forget_silence(entity)


def _fire_of_incident(state: State, kind: TimerKind, incident: IncidentState) -> None:
    match kind:
        case "incident_publish":
            page_entries.publish_by_rule(state, incident)
        case "incident_resolve":
            incidents.resolve_as_quiet(state, incident, "resolved: all of its alerts are, and stayed so")
            tell(state, IncidentChange(incident.project, incident.number, "resolved"))
        case "incident_remind":
            remind(state, incident)
        case "incident_sla":
            incident = state.change_incident(incident, is_sla_missed=True, sla_at=None)
            text = f"not resolved within the time agreed for {incident.severity}"
            record(state, incident, "sla_missed", text)
        case "incident_forget_alerts":
            forget_alerts_of(state, incident)
        case "incident_forget":
            state.forget_incident(incident)


def _end_flapping(state: State, alert: AlertState) -> None:
    """Tell of an alert that fires steadily now as if it had begun now."""
    alert = state.change_alert(alert, is_flapping=False, steady_at=None, changes=[])
    incident = state.incident_of(alert)
    if alert.counts_as_firing and alert.suppressed_by is None and incident is not None and incident.is_open:
        tell(state, IncidentChange(incident.project, incident.number, "severity_raised"))


def _end_hold(round: Round, alert: AlertState) -> None:
    """Let an alert that is still sent although a person resolved it fire again, unless its time has passed meanwhile."""
    state = round.state
    alert = state.change_alert(alert, hold_until=None)
    is_over = alert.expires_at is not None and alert.expires_at <= state.door_clock
    is_taken = (alert.project, alert.fingerprint, alert.identity) in state.open_alerts
    if not is_over and not is_taken:
        again = open_again(
            state, alert, f"alert #{alert.number} reopened: still sent, and its resolution by hand holds no longer"
        )
        incidents.recount(state, alert, again)
        round.firing[alert.project, alert.number] = None


def _drop(state: State, kind: TimerKind, entity: Entity, error: Exception) -> None:
    number = entity.id if isinstance(entity, SilenceState) else entity.number
    state.decisions.problems.append(f"timer {kind} of {entity.project}/{number}: {error!r}")
    match entity:
        case IncidentState():
            incident = state.change_incident(entity, **{FIELDS[kind]: None})
            text = f"could not {kind.removeprefix('incident_')} by itself: {error}"
            record(state, incident, "timer_failed", text)
        case AlertState():
            state.change_alert(entity, **{FIELDS[kind]: None})
