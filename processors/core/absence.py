"""What is missing: alerts that were not sent again, integrations that fell silent (BEHAVIOUR 4, the last paragraphs).

Only counted while a door is open: else an outage of ours would resolve what still burns, and page again after.
Not here: the clock that rests meanwhile (`State.door_clock`).
"""

from __future__ import annotations

from processors.core.attempt import attempt
from processors.core.deduplicate import resolve
from processors.core.notify import tell_all
from processors.core.own_alerts import OwnAlert, is_open, say
from processors.core.own_words import nothing_heard_from
from processors.core.state import State
from processors.core.timeline import record
from processors.core.transition import note_end
from processors.core.work import IncidentChange, Round
from schemas.records import AlertState, Heartbeat

SILENT = "heartbeat"
"""The kind of the alert about an integration that is silent."""


def end_what_is_absent(state: State, round: Round) -> None:
    """Resolve each open alert that was not sent again in time, and raise one for each integration that fell silent."""
    while (alert := state.pop_expired()) is not None:
        _time_out(state, alert)
    if state.is_door_open:
        for project, rules in state.rules.projects.items():
            for integration, heartbeat_millis in rules.heartbeats:
                _look_for(round, project, integration, heartbeat_millis)


def hear(state: State, project: str, integration: str, round: Round) -> None:
    """Note that an integration has sent; ends the alert about its silence."""
    heartbeat_millis = dict(state.rules.of(project).heartbeats).get(integration)
    if heartbeat_millis is None:
        return
    _note(state, project, integration)
    if is_open(state, project, integration, SILENT):
        _say(round, project, integration, heartbeat_millis, is_silent=False)


def _time_out(state: State, alert: AlertState) -> None:
    error = attempt(state, lambda: _resolve_by_absence(state, alert))
    if error is not None:  # a rule that fails must not fail again at every tick
        state.decisions.problems.append(f"alert {alert.project}/{alert.number} could not time out: {error!r}")
        state.change_alert(alert, expires_at=None)


def _resolve_by_absence(state: State, alert: AlertState) -> None:
    assert alert.expires_at is not None
    resolve(state, alert, min(state.now, alert.expires_at + state.put_off_millis), "timeout")
    incident = state.incident_of(alert)
    if incident is None or not incident.is_open:
        return
    changes: list[IncidentChange] = []
    text = f"alert #{alert.number} was not sent again in time"
    incident = record(state, incident, "alert_timed_out", text, alert=alert.number)
    note_end(state, state.rules.of(alert.project), incident, alert, changes)
    tell_all(state, changes)


def _look_for(round: Round, project: str, integration: str, heartbeat_millis: int) -> None:
    state = round.state
    beats = state.project(project).heartbeats
    heard_at = next((beat.heard_at for beat in beats if beat.integration == integration), None)
    if heard_at is None:
        _note(state, project, integration)
    elif heard_at + heartbeat_millis <= state.door_clock and not is_open(state, project, integration, SILENT):
        _say(round, project, integration, heartbeat_millis, is_silent=True)


def _note(state: State, project: str, integration: str) -> None:
    known = state.project(project)
    others = [beat for beat in known.heartbeats if beat.integration != integration]
    beats = sorted([*others, Heartbeat(integration, state.door_clock)], key=lambda beat: beat.integration)
    state.change_project(known, heartbeats=beats)


def _say(round: Round, project: str, integration: str, heartbeat_millis: int, is_silent: bool) -> None:
    say(round, project, OwnAlert(integration, SILENT, nothing_heard_from(integration, heartbeat_millis)), is_silent)
