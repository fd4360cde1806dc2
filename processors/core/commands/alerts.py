"""What people do to an alert. From resolved only reopening and comments are possible; asking for what is already so is done.

Not here: what that changes in its incident beyond counts (`transition.py`, `incidents.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from processors.core import incidents
from processors.core.commands.request import Refused, Request
from processors.core.deduplicate import NO_END
from processors.core.deduplicate import resolve as resolve_alert
from processors.core.notify import tell_all
from processors.core.transition import note_end
from processors.core.work import IncidentChange
from schemas.commands import Assignee, Comment, Move, Nothing
from schemas.records import AlertState, AlertStatus, IncidentState


def acknowledge(request: Request, _: Nothing) -> None:
    alert = _find_unresolved(request)
    if alert.status != "acknowledged":
        _set_open_status(request, alert, "acknowledged")


def reopen(request: Request, _: Nothing) -> None:
    alert = request.find_alert()
    if alert.status in ("triggered", "acknowledged"):
        return
    _check_identity_is_free(request, alert)
    _set_open_status(request, alert, "triggered")


def _set_open_status(request: Request, alert: AlertState, status: AlertStatus) -> None:
    """Let an alert count as firing again, or go on doing so, under another status."""
    changed = request.state.change_alert(alert, status=status, **NO_END)
    incidents.recount(request.state, alert, changed)
    word = "reopened" if status == "triggered" else status
    request.note(changed, f"alert_{word}", f"alert #{alert.number} {word}")


def _check_identity_is_free(request: Request, alert: AlertState) -> None:
    other = request.state.open_alerts.get((alert.project, alert.fingerprint, alert.identity))
    if alert.fingerprint and other is not None and other != alert.number:
        raise Refused(f"alert #{other} is open and has the same fingerprint")


def resolve(request: Request, _: Nothing) -> None:
    alert = request.find_alert()
    if alert.is_open:
        changed = resolve_alert(request.state, alert, request.state.now, "person", request.actor)
        request.note(changed, "alert_resolved", f"alert #{alert.number} resolved")
        _count_out(request, alert)


def ignore(request: Request, _: Nothing) -> None:
    alert = _find_unresolved(request)
    if alert.status != "ignored":
        changed = request.state.change_alert(alert, status="ignored", waiting_group=None)
        request.note(changed, "alert_ignored", f"alert #{alert.number} ignored")
        _count_out(request, alert)


def _count_out(request: Request, before: AlertState) -> None:
    """Let its open incident know that it fires no more; the last one closes it."""
    incident = request.state.incident_of(before)
    if incident is not None and incident.is_open:
        changes: list[IncidentChange] = []
        note_end(request.state, request.rules, incident, before, changes)
        tell_all(request.state, changes)


def assign(request: Request, asked: Assignee) -> None:
    alert = _find_unresolved(request)
    request.check_member(asked.assignee)
    if asked.assignee not in alert.assignees:
        changed = request.state.change_alert(alert, assignees=[*alert.assignees, asked.assignee])
        request.note(
            changed, "alert_assigned", f"alert #{alert.number} assigned to {asked.assignee}", {"assignee": asked.assignee}
        )


def unassign(request: Request, asked: Assignee) -> None:
    alert = _find_unresolved(request)
    if asked.assignee in alert.assignees:
        left = [person for person in alert.assignees if person != asked.assignee]
        changed = request.state.change_alert(alert, assignees=left)
        text = f"alert #{alert.number} no longer assigned to {asked.assignee}"
        request.note(changed, "alert_unassigned", text, {"assignee": asked.assignee})


def create_incident(request: Request, _: Nothing) -> None:
    alert = _find_unresolved(request)
    if alert.incident is not None:
        raise Refused(f"alert #{alert.number} is in incident #{alert.incident} already")
    incident = incidents.open_incident(request.state, None, [], [alert], request.actor)
    incident, _alert, _rose = incidents.join(request.state, request.rules, incident, alert, request.actor)
    request.incident = incident.number
    request.tell(incident, "opened")


def move(request: Request, asked: Move) -> None:
    alert = _find_unresolved(request)
    target = request.find_open_incident(asked.incident)
    if alert.incident == target.number:
        return
    text = f"alert #{alert.number} moved to incident #{target.number}"
    request.let_close(incidents.leave(request.state, alert, text, request.actor))
    take_in(request, request.state.incidents[target.project, target.number], alert.number)


def take_in(request: Request, incident: IncidentState, alert: int) -> None:
    """Let an alert that is in no incident join one, and tell when that is worse for it."""
    member = request.state.alerts[incident.project, alert]
    incident, _, rose = incidents.join(request.state, request.rules, incident, member, request.actor)
    if rose:
        request.tell(incident, "severity_raised")


def comment(request: Request, asked: Comment) -> None:
    request.note(request.find_alert(), "comment", asked.text)


def _find_unresolved(request: Request) -> AlertState:
    alert = request.find_alert()
    if not alert.is_open:
        raise Refused(f"alert #{alert.number} is resolved: reopen it first")
    return alert


HANDLERS: Mapping[str, Callable[[Request, Any], None]] = {
    "acknowledge": acknowledge,
    "resolve": resolve,
    "ignore": ignore,
    "reopen": reopen,
    "assign": assign,
    "unassign": unassign,
    "create-incident": create_incident,
    "move": move,
    "comment": comment,
}
