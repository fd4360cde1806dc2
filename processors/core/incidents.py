"""What can happen to an incident, each with its timeline entry: open, join, raise, resolve, reopen, publish (BEHAVIOUR 6).

Used by the steps and by timers. Not here: when it happens (`correlate.py`, `transition.py`, `timers.py`) and whom to
tell (`notify.py`); each function returns the incident as it is after.
"""

from __future__ import annotations

from processors.core.content import content_of, lookup_of
from processors.core.describe import describe, title_of
from processors.core.rules import ProjectRules
from processors.core.state import State
from schemas.configuration import IncidentRule
from schemas.records import (
    ALERT_BOT,
    SEVERITIES,
    AlertState,
    GroupValue,
    IncidentState,
    Publication,
    PublicUpdate,
    Severity,
    TimelineItem,
)

IMPACTS: dict[Severity, str] = {
    "critical": "critical",
    "high": "major",
    "medium": "minor",
    "low": "none",
    "info": "none",
    "unknown": "none",
}
"""Severity to the status page's impact; source: the Statuspage contract, as mapped in docs."""
INVESTIGATING = "We are looking into this."
RESOLVED = "This has been resolved."


def is_worse(severity: Severity, than: Severity) -> bool:
    return SEVERITIES.index(severity) < SEVERITIES.index(than)


def record(state: State, incident: IncidentState, kind: str, text: str, actor: str = ALERT_BOT, **details: str) -> IncidentState:
    """Add an entry to an incident's timeline."""
    number = incident.timeline_count + 1
    cause = state.cause
    state.decisions.timeline.append(
        TimelineItem(
            incident.project, incident.number, None, number, state.now, actor, kind, text, details, cause.offset, cause.index
        )
    )
    return state.change_incident(incident, timeline_count=number)


def open_incident(state: State, rule: IncidentRule, group: list[tuple[str, str]], alerts: list[AlertState]) -> IncidentState:
    """Open an incident for one or many alerts, named after the first; they are not in it yet."""
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
        description=describe(alert, content, rule.template),
        severity=severity,
        status="triggered",
        rule=rule.name,
        group=[GroupValue(name, value) for name, value in group],
        firing=0,
        total=0,
        created_at=state.now,
        publish_at=state.now + rule.publish_after if rule.publish == "auto" else None,
        first_alert=alert.number,
        service=content.service,
        runbook=next((link.url for link in content.links if link.kind == "runbook"), None),
        author=ALERT_BOT,
    )
    state.put_incident(incident)
    return record(state, incident, "opened", f"opened by rule {rule.name} for alert #{alert.number}", alert=str(alert.number))


def join(state: State, rules: ProjectRules, incident: IncidentState, alert: AlertState) -> tuple[IncidentState, AlertState, bool]:
    """Take an alert into an open incident; says also whether the incident's severity rose."""
    alert = state.change_alert(alert, incident=incident.number, waiting_group=None)
    incident = state.change_incident(
        incident,
        total=incident.total + 1,
        firing=incident.firing + 1,
        resolve_at=None,
        components=_components(state, rules, incident, alert),
    )
    if alert.number != incident.first_alert:
        incident = record(state, incident, "alert_joined", f"alert #{alert.number} joined", alert=str(alert.number))
    if incident.published is not None and incident.published.components != incident.components:
        incident = state.change_incident(incident, published=_republished(incident, components=incident.components))
    incident, rose = _raise_to(state, incident, alert) if not _was_known(state, alert) else (incident, False)
    return incident, alert, rose


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


def note_worse(state: State, incident: IncidentState, before: AlertState, alert: AlertState) -> tuple[IncidentState, bool]:
    """Let an alert that is worse than it ever was raise its incident; says also whether it did."""
    if not is_worse(alert.severity, before.worst_severity):
        return incident, False
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
    incident = record(state, incident, kind, text, actor, before=before, after=severity)
    if incident.published is not None:
        incident = state.change_incident(incident, published=_republished(incident, impact=IMPACTS[severity]))
    return incident


def resolve(state: State, incident: IncidentState, text: str, actor: str = ALERT_BOT) -> IncidentState:
    """Resolve an open incident, and end what the status page says of it."""
    incident = state.change_incident(incident, status="resolved", resolved_at=state.now, resolve_at=None, publish_at=None)
    if incident.published is not None:
        published = _republished(incident, update=PublicUpdate(state.now, "resolved", RESOLVED))
        incident = state.change_incident(incident, published=published)
    return record(state, incident, "resolved", text, actor)


def reopen(state: State, incident: IncidentState, text: str, actor: str = ALERT_BOT) -> IncidentState:
    """Open a resolved incident again."""
    incident = state.change_incident(incident, status="triggered", resolved_at=None)
    if incident.published is not None:
        published = _republished(incident, update=PublicUpdate(state.now, "investigating", INVESTIGATING))
        incident = state.change_incident(incident, published=published)
    return record(state, incident, "reopened", text, actor)


def publish(state: State, incident: IncidentState, actor: str = ALERT_BOT) -> IncidentState:
    """Show an incident on the status page: its title, its impact, its components, and nothing else."""
    publication = Publication(
        title=incident.title,
        impact=IMPACTS[incident.severity],
        components=incident.components,
        published_at=state.now,
        updates=[PublicUpdate(state.now, "investigating", INVESTIGATING)],
    )
    incident = state.change_incident(incident, published=publication, publish_at=None)
    return record(state, incident, "published", "published on the status page", actor)


def _republished(
    incident: IncidentState, *, impact: str | None = None, components: list[str] | None = None, update: PublicUpdate | None = None
) -> Publication:
    old = incident.published
    assert old is not None
    return Publication(
        title=old.title,
        impact=impact or old.impact,
        components=old.components if components is None else components,
        published_at=old.published_at,
        updates=[*old.updates, update] if update else old.updates,
    )
