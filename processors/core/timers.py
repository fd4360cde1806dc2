"""What is due: timers that fire on the clock's ticks, in the order of their due times (DESIGN section 1, "Time")."""

from __future__ import annotations

from functools import partial

from processors.core import incidents
from processors.core.attempt import attempt
from processors.core.notify import tell
from processors.core.state import State, TimerKind
from processors.core.work import IncidentChange
from schemas.records import IncidentState


def fire_due_timers(state: State) -> None:
    """Fire each timer that is due, once; one that fails is dropped with a word in the timeline, the others go on."""
    while (due := state.pop_due_timer()) is not None:
        kind, incident = due
        error = attempt(state, partial(_fire, state, kind, incident))
        if error is not None:  # a rule or program that fails must not fail again at every tick
            state.decisions.problems.append(f"timer {kind} of {incident.project}/{incident.number}: {error!r}")
            incident = state.change_incident(incident, **{f"{kind}_at": None})
            incidents.record(state, incident, "timer_failed", f"could not {kind} by itself: {error}")


def _fire(state: State, kind: TimerKind, incident: IncidentState) -> None:
    match kind:
        case "publish":
            incidents.publish(state, incident)
        case "resolve":
            incidents.resolve(state, incident, "resolved: all of its alerts are, and stayed so")
            tell(state, IncidentChange(incident.project, incident.number, "resolved"))
