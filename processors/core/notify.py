"""Whom to tell of a change, by the project's routes and by who was told before (BEHAVIOUR 7).

Not here: how a receiver is told (the sinks).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from processors.core.content import lookup_of
from processors.core.incidents import is_worse
from processors.core.rules import Lookup
from processors.core.state import State
from processors.core.work import IncidentChange, Work
from schemas.records import ALERT_BOT, IncidentState, Notification, NotificationKind


def notify(work: Work) -> None:
    """Decide the notifications of all changes that this event made."""
    tell_all(work.state, work.changes)


def tell_all(state: State, changes: Iterable[IncidentChange]) -> None:
    """Decide the notifications of several changes, in their order."""
    for change in changes:
        tell(state, change)


def tell(state: State, change: IncidentChange, actor: str = ALERT_BOT) -> None:
    """Decide the notifications of one change; a receiver that knows it already is not told again."""
    incident = state.incidents[change.project, change.incident]
    match change.kind:
        case "opened":
            _tell_newcomers(state, incident, "opened", actor)
        case "reopened" | "severity_raised":
            incident = _tell_those_who_know(state, incident, change.kind, actor)
            _tell_newcomers(state, incident, "opened", actor)
        case _:
            _tell_those_who_know(state, incident, change.kind, actor)


def _tell_newcomers(state: State, incident: IncidentState, kind: NotificationKind, actor: str) -> IncidentState:
    """Tell the receivers of the routes that match now and were never told that it is open."""
    for receiver in _receivers(state, incident):
        if receiver not in incident.told:
            incident = _decide(state, incident, kind, receiver, actor)
            incident = state.change_incident(incident, told=[*incident.told, receiver])
    if incident.told and is_worse(incident.severity, incident.told_severity):
        incident = state.change_incident(incident, told_severity=incident.severity)
    return incident


def _tell_those_who_know(state: State, incident: IncidentState, kind: NotificationKind, actor: str) -> IncidentState:
    if kind == "severity_raised" and not is_worse(incident.severity, incident.told_severity):
        return incident
    for receiver in incident.told:
        incident = _decide(state, incident, kind, receiver, actor)
    return incident


def _decide(state: State, incident: IncidentState, kind: NotificationKind, receiver: str, actor: str) -> IncidentState:
    number = incident.notification_count + 1
    state.decisions.notifications.append(
        Notification(
            incident.project, incident.number, number, kind, receiver, state.now,
            incident.severity, incident.status, actor, state.cause.offset, state.cause.index,
        )
    )  # fmt: skip
    return state.change_incident(incident, notification_count=number)


def _receivers(state: State, incident: IncidentState) -> Iterator[str]:
    """Give the receivers of the first route that matches, and of the ones after it while they say `continue`."""
    lookup = incident_lookup(state, incident)
    for route in state.rules.of(incident.project).routes.find(lookup):
        yield from route.receivers
        if not route.continue_:
            return


def incident_lookup(state: State, incident: IncidentState) -> Lookup:
    """Give the fields that routes match: the incident's own, all others its first alert's, else its group's values."""
    own = {
        "title": incident.title,
        "severity": incident.severity,
        "status": incident.status,
        "service": incident.service or "",
        **{part.name: part.value for part in incident.group if part.name not in ("title", "severity", "status")},
    }
    alert = None if incident.first_alert is None else state.alerts.get((incident.project, incident.first_alert))
    others = None if alert is None else lookup_of(state, alert)

    def lookup(name: str) -> str:
        if name in own:
            return own[name]
        return "" if others is None else others(name)

    return lookup
