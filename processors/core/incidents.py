"""What can happen to an incident, each with its timeline entry: open, join, raise, resolve, reopen, publish (BEHAVIOUR 6).

Used by the steps and by timers. Not here: when it happens (`correlate.py`, `transition.py`, `timers.py`) and whom to
tell (`notify.py`); each function returns the incident as it is after.
"""

from __future__ import annotations

from msgspec.structs import replace

from processors.core import publication
from processors.core.content import content_of, lookup_of
from processors.core.describe import describe, title_of
from processors.core.forgetting import INCIDENT_KEPT_MILLIS, forget_after
from processors.core.rules import ProjectRules
from processors.core.state import State
from processors.core.timeline import record
from schemas.configuration import IncidentRule
from schemas.records import (
    ALERT_BOT,
    SEVERITIES,
    AlertState,
    GroupValue,
    IncidentState,
    Severity,
)

ALERTS_NAMED, REASONS_SHOWN = 3, 3
"""So many alerts, and reasons why they ended, are named where an incident is resolved."""


def _agreed_end(state: State, incident: IncidentState) -> int | None:
    """Give when the time to resolve that was agreed for its severity is over; None: none was, or it was noted already."""
    agreed = state.rules.of(incident.project).project.sla.get(incident.severity)
    return None if agreed is None or incident.is_sla_missed else incident.created_at + agreed


def _when_to_publish(state: State, rule: IncidentRule | None) -> int | None:
    return None if rule is None or rule.publish != "auto" else state.now + rule.publish_after


def follow_merges(state: State, incident: IncidentState) -> IncidentState:
    """Give the incident that now stands for this one: the last that it, and then its target, was merged into."""
    while incident.merged_into is not None:
        target = state.incidents.get((incident.project, incident.merged_into))
        if target is None:
            break
        incident = target
    return incident


def is_worse(severity: Severity, than: Severity) -> bool:
    return SEVERITIES.index(severity) < SEVERITIES.index(than)


def open_incident(
    state: State, rule: IncidentRule | None, group: list[tuple[str, str]], alerts: list[AlertState], actor: str = ALERT_BOT
) -> IncidentState:
    """Open an incident for one or many alerts, named after the first; they are not in it yet. No rule: a person opens it."""
    alert = alerts[0]
    severity = min((member.severity for member in alerts), key=SEVERITIES.index)
    content = content_of(state, alert)
    number = state.next_number(alert.project, "incidents")
    incident = IncidentState(
        project=alert.project,
        number=number,
        version=1,
        offset=state.cause.offset,
        index=state.cause.index,
        title=title_of(content, number),
        description=describe(alert, content, "" if rule is None else rule.template),
        severity=severity,
        status="triggered",
        rule=None if rule is None else rule.name,
        group=[GroupValue(name, value) for name, value in group],
        firing=0,
        total=0,
        created_at=state.now,
        publish_at=_when_to_publish(state, rule),
        first_alert=alert.number,
        service=content.service,
        runbook=next((link.url for link in content.links if link.kind == "runbook"), None),
        author=actor,
    )
    incident = replace(incident, sla_at=_agreed_end(state, incident))
    state.put_incident(incident)
    text = f"opened for alert #{alert.number}" if rule is None else f"opened by rule {rule.name} for alert #{alert.number}"
    return record(state, incident, "opened", text, actor, alert=alert.number)


def open_by_hand(state: State, project: str, title: str, severity: Severity, description: str, actor: str) -> IncidentState:
    """Open an incident that no alert has caused."""
    incident = IncidentState(
        project=project,
        number=state.next_number(project, "incidents"),
        version=1,
        offset=state.cause.offset,
        index=state.cause.index,
        title=title,
        description=description,
        severity=severity,
        status="triggered",
        rule=None,
        group=[],
        firing=0,
        total=0,
        created_at=state.now,
        author=actor,
    )
    incident = replace(incident, sla_at=_agreed_end(state, incident))
    state.put_incident(incident)
    return record(state, incident, "opened", "opened by hand", actor)


def join(
    state: State, rules: ProjectRules, incident: IncidentState, alert: AlertState, actor: str = ALERT_BOT
) -> tuple[IncidentState, AlertState, bool]:
    """Take an alert into an open incident, out of a resolved one; says also whether the incident's severity rose."""
    before = incident.components
    is_back = alert.incident == incident.number
    if not is_back:
        _leave_resolved(state, alert)
    worst = alert.worst_severity if alert.suppressed_by else min(alert.severity, alert.worst_severity, key=SEVERITIES.index)
    alert = state.change_alert(
        alert, incident=incident.number, waiting_group=None, is_held_out=False, forget_at=None, worst_severity=worst
    )
    fires = alert.counts_as_firing
    incident = state.change_incident(
        incident,
        total=incident.total + (not is_back),
        firing=incident.firing + (fires and not is_back),
        resolve_at=None if fires else incident.resolve_at,
        components=_components(state, rules, incident, alert),
    )
    if alert.number != incident.first_alert or incident.timeline_count > 1:  # the first is named as it opens
        incident = record(state, incident, "alert_joined", f"alert #{alert.number} joined", actor, alert=alert.number)
    incident = publication.show_components(state, incident, incident.components[len(before) :])
    worsens = fires and alert.suppressed_by is None and not _was_known(state, alert)
    incident, rose = _raise_to(state, incident, alert) if worsens else (incident, False)
    return incident, alert, rose


def _leave_resolved(state: State, alert: AlertState) -> None:
    """Count an alert out of its resolved incident, where a person reopened the alert alone and it then found another."""
    old = state.incident_of(alert)
    if old is not None:
        old = state.change_incident(old, total=old.total - 1)
        record(state, old, "alert_left", f"alert #{alert.number} fired again and went elsewhere", alert=alert.number)


def leave(state: State, alert: AlertState, text: str, actor: str, *, is_held_out: bool = False) -> IncidentState | None:
    """Take an alert out of its incident; gives that as it is after, None when there was none or it was forgotten."""
    incident = state.incident_of(alert)
    forget_at = None if alert.is_open else state.now + forget_after(state, alert.project)
    state.change_alert(alert, incident=None, is_held_out=is_held_out, forget_at=forget_at)
    if incident is None:
        return None
    firing = incident.firing - (alert.counts_as_firing and incident.is_open)
    incident = state.change_incident(incident, total=incident.total - 1, firing=firing)
    return record(state, incident, "alert_left", text, actor, alert=alert.number)


def recount(state: State, before: AlertState, alert: AlertState) -> IncidentState | None:
    """Count an alert in its open incident anew after its status has changed; None: it is in no open incident."""
    incident = state.incident_of(alert)
    if incident is None or not incident.is_open:
        return None
    more = alert.counts_as_firing - before.counts_as_firing
    if more == 0:
        return incident
    return state.change_incident(incident, firing=incident.firing + more, resolve_at=None if more > 0 else incident.resolve_at)


def _was_known(state: State, alert: AlertState) -> bool:
    """Whether its condition was in the incident before, as bad: people who lowered the severity had seen it."""
    previous = None if alert.previous is None else state.alerts.get((alert.project, alert.previous))
    same_home = previous is not None and previous.incident == alert.incident
    return same_home and previous is not None and not is_worse(alert.severity, previous.worst_severity)


def _components(state: State, rules: ProjectRules, incident: IncidentState, alert: AlertState) -> list[str]:
    if not rules.components.rules:
        return incident.components
    lookup = lookup_of(state, alert)
    fitting = [part.id for part in rules.components.find(lookup) if part.id not in incident.components]
    return [*incident.components, *fitting]


def note_worse(state: State, incident: IncidentState, alert: AlertState) -> tuple[IncidentState, bool]:
    """Let an alert that is worse than an incident ever saw it, unmuted, raise its incident; says also whether it did."""
    if not is_worse(alert.severity, alert.worst_severity):
        return incident, False
    alert = state.change_alert(alert, worst_severity=alert.severity)
    return _raise_to(state, incident, alert)


def _raise_to(state: State, incident: IncidentState, alert: AlertState) -> tuple[IncidentState, bool]:
    if not is_worse(alert.severity, incident.severity):
        return incident, False
    return set_severity(state, incident, alert.severity), True


def set_severity(state: State, incident: IncidentState, severity: Severity, actor: str = ALERT_BOT) -> IncidentState:
    """Change how bad an incident is, up or down, and what the status page says of its impact."""
    before = incident.severity
    kind = "severity_raised" if is_worse(severity, before) else "severity_lowered"
    text = f"severity {kind.removeprefix('severity_')} from {before} to {severity}"
    incident = state.change_incident(incident, severity=severity)
    incident = state.change_incident(incident, sla_at=_agreed_end(state, incident))
    incident = record(state, incident, kind, text, actor, details={"before": before, "after": severity})
    return publication.show_severity(state, incident, before)


def resolve_as_quiet(state: State, incident: IncidentState, text: str) -> IncidentState:
    """Resolve an incident none of whose alerts fires any more, and say which of them ended for another reason."""
    reason = _why_alerts_ended(state, incident)
    return resolve(state, state.change_incident(incident, end_reason=reason), text if reason is None else f"{text}; {reason}")


def _why_alerts_ended(state: State, incident: IncidentState) -> str | None:
    numbers_by_reason: dict[str, list[int]] = {}
    for number in sorted(state.members.get((incident.project, incident.number), ())):
        alert = state.alerts[incident.project, number]
        if alert.end_reason is not None and not alert.is_open:
            numbers_by_reason.setdefault(alert.end_reason, []).append(number)
    shown = list(numbers_by_reason.items())[:REASONS_SHOWN]
    parts = [f"{_name_alerts(numbers)} ended because {reason}" for reason, numbers in shown]
    return ", ".join(parts) or None


def _name_alerts(numbers: list[int]) -> str:
    if len(numbers) > ALERTS_NAMED:
        return f"{len(numbers)} alerts"
    return f"alert{'s' if len(numbers) > 1 else ''} {', '.join(f'#{number}' for number in numbers)}"


def resolve(state: State, incident: IncidentState, text: str, actor: str = ALERT_BOT) -> IncidentState:
    """Resolve an open incident, and end what the status page says of it."""
    incident = state.change_incident(
        incident,
        status="resolved",
        resolver=actor,
        resolved_at=state.now,
        resolve_at=None,
        publish_at=None,
        sla_at=None,
        remind_at=None,
        reminders=[],
        forget_alerts_at=state.now + forget_after(state, incident.project, by_hand=actor != ALERT_BOT),
        forget_at=state.now + INCIDENT_KEPT_MILLIS,
    )
    return record(state, publication.end(state, incident), "resolved", text, actor)


def reopen(state: State, incident: IncidentState, text: str, actor: str = ALERT_BOT) -> IncidentState:
    """Open a resolved incident again; it counts what a person has reopened of it meanwhile."""
    numbers = state.members.get((incident.project, incident.number), ())
    members = (state.alerts.get((incident.project, number)) for number in numbers)
    firing = sum(member is not None and member.counts_as_firing for member in members)
    incident = state.change_incident(
        incident,
        status="triggered",
        resolver="",
        resolved_at=None,
        end_reason=None,
        firing=firing,
        forget_alerts_at=None,
        forget_at=None,
    )
    incident = state.change_incident(incident, sla_at=_agreed_end(state, incident))
    if incident.published is not None:
        incident = state.change_incident(incident, published=publication.come_back(state, incident.published))
    elif incident.page_entry is None and not incident.is_confidential:
        incident = state.change_incident(
            incident, publish_at=_when_to_publish(state, state.rules.of(incident.project).incident_rule(incident.rule))
        )
    return record(state, incident, "reopened", text, actor)
