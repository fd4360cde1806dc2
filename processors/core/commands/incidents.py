"""What people do to an incident. From resolved only reopening, comments and links are possible.

Not here: the status page (`publishing.py`), what each change is made of (`core/incidents.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from processors.core import incidents, page_entries
from processors.core.commands.alerts import take_in
from processors.core.commands.request import Refused, Request
from processors.core.deduplicate import resolve as resolve_alert
from processors.core.notify import tell_anew
from processors.core.timeline import record
from schemas import commands
from schemas.records import IncidentState, Link
from schemas.zoom import find_zoom_link


def create(request: Request, asked: commands.CreateIncident) -> None:
    incident = incidents.open_by_hand(
        request.state, request.project, asked.title, asked.severity, asked.description, request.actor
    )
    request.incident = incident.number
    request.tell(incident, "opened")


def acknowledge(request: Request, _: commands.Nothing) -> None:
    incident = request.find_open_incident()
    if incident.status == "acknowledged":
        return
    first = request.state.now if incident.acknowledged_at is None else incident.acknowledged_at
    incident = request.state.change_incident(incident, status="acknowledged", acknowledged_at=first, remind_at=None, reminders=[])
    request.tell(_note(request, incident, "acknowledged", "acknowledged"), "acknowledged")


def resolve(request: Request, _: commands.Nothing) -> None:
    incident = request.find_incident()
    if not incident.is_open:
        return
    state, count = request.state, 0
    for number in sorted(state.members.get((incident.project, incident.number), ())):
        alert = state.alerts[incident.project, number]
        if alert.is_open:
            resolve_alert(state, alert, state.now, "person", request.actor)
            count += 1
    incident = state.change_incident(incident, firing=0)
    text = "resolved" if count == 0 else f"resolved, with {count} alert{'s' if count > 1 else ''} that had not ended"
    request.tell(incidents.resolve(state, incident, text, request.actor), "resolved")


def reopen(request: Request, _: commands.Nothing) -> None:
    incident = request.find_incident()
    if incident.is_open:
        return
    if incident.merged_into is not None:
        raise Refused(f"incident #{incident.number} was merged into #{incident.merged_into}: its alerts are there")
    request.tell(incidents.reopen(request.state, incident, "reopened", request.actor), "reopened")


def assign(request: Request, asked: commands.Assignee) -> None:
    incident = request.find_open_incident()
    request.check_member(asked.assignee)
    if asked.assignee not in incident.assignees:
        _reassign(request, incident, [*incident.assignees, asked.assignee], "assigned", f"assigned to {asked.assignee}")


def unassign(request: Request, asked: commands.Assignee) -> None:
    incident = request.find_open_incident()
    if asked.assignee in incident.assignees:
        left = [person for person in incident.assignees if person != asked.assignee]
        _reassign(request, incident, left, "unassigned", f"no longer assigned to {asked.assignee}")


def _reassign(request: Request, incident: IncidentState, assignees: list[str], kind: str, text: str) -> None:
    incident = request.state.change_incident(incident, assignees=assignees)
    request.tell(_note(request, incident, kind, text), "reassigned")


def change_severity(request: Request, asked: commands.ChangeSeverity) -> None:
    incident = request.find_open_incident()
    if asked.severity == incident.severity:
        return
    is_worse = incidents.is_worse(asked.severity, incident.severity)
    incident = incidents.set_severity(request.state, incident, asked.severity, request.actor)
    if is_worse:
        request.tell(incident, "severity_raised")
    elif incidents.is_worse(incident.told_severity, asked.severity):
        request.state.change_incident(incident, told_severity=asked.severity)  # so that a later raise is news


def change_title(request: Request, asked: commands.ChangeTitle) -> None:
    incident = request.find_open_incident()
    if asked.title != incident.title:
        changed = request.state.change_incident(incident, title=asked.title)
        record(
            request.state, changed, "title", f"title changed to {asked.title}", request.actor, details={"before": incident.title}
        )


def change_description(request: Request, asked: commands.ChangeDescription) -> None:
    incident = request.find_open_incident()
    if asked.description != incident.description:
        changed = request.state.change_incident(incident, description=asked.description)
        before = incident.description[:10_000]
        record(request.state, changed, "description", "description changed", request.actor, details={"before": before})


def comment(request: Request, asked: commands.Comment) -> None:
    _note(request, request.find_incident(), "comment", asked.text)


def add_entry(request: Request, asked: commands.TimelineEntry) -> None:
    at = commands.millis(asked.at)
    record(request.state, request.find_incident(), "timeline", asked.text, request.actor, at=at)


def merge(request: Request, asked: commands.Merge) -> None:
    """Move all alerts of one incident into another; the emptied one is resolved and names the other."""
    source = request.find_open_incident()
    target = request.find_open_incident(asked.into)
    if target.number == source.number:
        raise Refused("an incident cannot be merged into itself")
    if source.is_confidential and not target.is_confidential:
        raise Refused(f"incident #{source.number} is confidential and #{target.number} is not: its alerts would be seen there")
    if source.published is not None and target.is_confidential:
        raise Refused(
            f"incident #{source.number} is on the status page and #{target.number} is confidential: unpublish the first"
        )
    state = request.state
    for number in sorted(state.members.get((source.project, source.number), ())):
        state.change_alert(state.alerts[source.project, number], incident=target.number)
    target = state.change_incident(
        target,
        total=target.total + source.total,
        firing=target.firing + source.firing,
        resolve_at=None if source.firing else target.resolve_at,
        components=list(dict.fromkeys([*target.components, *source.components])),
    )
    target = page_entries.merge_shown(state, source, target)
    target = _note(request, target, "merged_in", f"incident #{source.number} was merged into this one")
    if incidents.is_worse(source.severity, target.severity):
        target = incidents.set_severity(state, target, source.severity, request.actor)
        request.tell(target, "severity_raised")
        target = state.incidents[target.project, target.number]
    source, target = page_entries.hand_over(state, source, target, request.actor)
    source = state.change_incident(source, total=0, firing=0, merged_into=target.number)
    source = incidents.resolve(state, source, f"merged into incident #{target.number}", request.actor)
    request.tell(source, "resolved")
    request.incident = source.number


def link_alert(request: Request, asked: commands.LinkAlert) -> None:
    incident = request.find_open_incident()
    alert = request.find_alert(asked.alert)
    request.incident = incident.number
    if alert.incident == incident.number:
        return
    other = request.state.incident_of(alert)
    if other is not None and other.is_open:
        raise Refused(f"alert #{alert.number} is in incident #{other.number}: move it")
    if other is not None:
        incidents.leave(request.state, alert, f"alert #{alert.number} moved to incident #{incident.number}", request.actor)
    take_in(request, incident, alert.number)


def unlink_alert(request: Request, asked: commands.LinkAlert) -> None:
    incident = request.find_open_incident()
    alert = request.find_alert(asked.alert)
    request.incident = incident.number
    if alert.incident != incident.number:
        raise Refused(f"alert #{alert.number} is not in incident #{incident.number}")
    text = f"alert #{alert.number} unlinked"
    request.let_close(incidents.leave(request.state, alert, text, request.actor, is_held_out=True))


def add_zoom(request: Request, asked: commands.ZoomText) -> None:
    incident = request.find_open_incident()
    link = find_zoom_link(asked.text)
    if incident.zoom is not None and incident.zoom != link:
        raise Refused("the incident has a Zoom call already: remove that first")
    if incident.zoom is None:
        _note(request, request.state.change_incident(incident, zoom=link), "zoom_added", "Zoom call added")


def remove_zoom(request: Request, _: commands.Nothing) -> None:
    incident = request.find_incident()
    if incident.zoom is None:
        raise Refused("the incident has no Zoom call")
    _note(request, request.state.change_incident(incident, zoom=None), "zoom_removed", "Zoom call removed")


def add_link(request: Request, asked: commands.AddLink) -> None:
    incident, link = request.find_incident(), Link(asked.text or "link", asked.url)
    if link not in incident.links:
        others = [known for known in incident.links if known.url != asked.url]
        changed = request.state.change_incident(incident, links=[*others, link])
        _note(request, changed, "link_added", f"link added: {asked.url}")


def remove_link(request: Request, asked: commands.RemoveLink) -> None:
    incident = request.find_incident()
    left = [link for link in incident.links if link.url != asked.url]
    if len(left) == len(incident.links):
        raise Refused("the incident has no such link")
    _note(request, request.state.change_incident(incident, links=left), "link_removed", f"link removed: {asked.url}")


def notify_anew(request: Request, asked: commands.Notify) -> None:
    """Tell one receiver how the incident stands now: one who missed it, or whose message was given up."""
    incident, receiver = request.find_incident(), asked.receiver
    routed = {name for route in request.rules.project.notify for name in route.receivers}
    if receiver not in routed and receiver not in incident.told:
        raise Refused(f"no route of project {request.project} names the receiver {receiver}")
    if not incident.is_open and not asked.resolved:
        raise Refused(f"incident #{incident.number} is resolved: nobody needs to be told, unless you say so")
    incident = _note(request, incident, "notified", f"{receiver} is told how it stands")
    tell_anew(request.state, incident, receiver, request.actor)


def _note(request: Request, incident: IncidentState, kind: str, text: str) -> IncidentState:
    return record(request.state, incident, kind, text, request.actor)


HANDLERS: Mapping[str, Callable[[Request, Any], None]] = {
    "create": create,
    "acknowledge": acknowledge,
    "resolve": resolve,
    "reopen": reopen,
    "assign": assign,
    "unassign": unassign,
    "severity": change_severity,
    "title": change_title,
    "description": change_description,
    "comment": comment,
    "timeline": add_entry,
    "merge": merge,
    "link-alert": link_alert,
    "unlink-alert": unlink_alert,
    "zoom": add_zoom,
    "remove-zoom": remove_zoom,
    "link": add_link,
    "unlink": remove_link,
    "notify": notify_anew,
}
