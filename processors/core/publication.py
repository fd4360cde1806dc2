"""What the public is shown of an incident: its title, impact, components and updates, and nothing else (BEHAVIOUR 7).

No text of an alert is ever among them: titles are a publisher's or made of a template, updates are people's or one of those
here. Not here: which entry of the page it is shown as (`page_entries.py`), when (`correlate.py`, `timers.py`,
`commands/publishing.py`), and the page itself (the sink).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from processors.core.state import State
from processors.core.timeline import record
from schemas.public_text import public_text
from schemas.publish_title import DEFAULT_TITLE, render_title
from schemas.records import ALERT_BOT, IncidentState, Publication, PublicUpdate, Severity

IMPACTS: dict[Severity, str] = {
    "critical": "critical",
    "high": "major",
    "medium": "minor",
    "low": "none",
    "info": "none",
    "unknown": "none",
}
"""Severity to the status page's impact; source: the Statuspage contract, as mapped in docs."""
SEVERITY_WORDS = {"critical": "critical", "major": "high", "minor": "medium", "none": "low"}
"""In a title, where a publisher chose an impact that is not the severity's."""
STATES = {"critical": "down", "major": "partly down", "minor": "degraded", "none": "being checked"}
NO_COMPONENT = "A service"
"""In a title, where the alerts concern none of the page's components."""
NAMED_COMPONENTS = 3
INVESTIGATING = "We are looking into this."
CAME_BACK = "There is trouble again. We are looking into it."
KEEPS_COMING_BACK = "There is trouble time and again. We are looking into it."
RESOLVED = "This has been resolved."


def publish(
    state: State,
    incident: IncidentState,
    actor: str = ALERT_BOT,
    *,
    title: str | None = None,
    impact: str | None = None,
    components: list[str] | None = None,
) -> IncidentState:
    """Show an incident on the status page; what is not given follows the incident from then on."""
    given = {"title": title, "impact": impact, "components": components}
    shown = Publication(
        title=title or "",
        impact=impact or "",
        components=incident.components if components is None else components,
        published_at=state.now,
        updates=[PublicUpdate(state.now, "investigating", INVESTIGATING)],
        follows=[name for name, value in given.items() if value is None],
    )
    shown = as_followed(state, incident, shown)
    incident = state.change_incident(incident, published=shown, page_entry=entry_of(incident), publish_at=None)
    return record(state, incident, "published", f"published on the status page as “{shown.title}”", actor)


def unpublish(state: State, incident: IncidentState, actor: str, text: str = "taken off the status page") -> IncidentState:
    """Show an incident on the status page no longer, nor publish it by its rule; its entry stays its own."""
    incident = state.change_incident(incident, published=None, page_entry=entry_of(incident), publish_at=None)
    return record(state, incident, "unpublished", text, actor)


def say_publicly(state: State, incident: IncidentState, update: PublicUpdate, actor: str) -> IncidentState:
    """Add an update to what the status page shows."""
    incident = _add_update(state, incident, update)
    return record(state, incident, "status_update", f"{update.status}: {update.text}", actor)


def entry_of(incident: IncidentState) -> str:
    """Name the page's entry that an incident has, or would have: another than its number once it has given that one away."""
    if incident.page_entry is None:
        return str(incident.number)
    return incident.page_entry or f"{incident.number}.{incident.timeline_count}"


def as_followed(state: State, incident: IncidentState, shown: Publication) -> Publication:
    """Give what is shown with the impact of the incident's severity and a title made anew, where no publisher chose them."""
    impact = IMPACTS[incident.severity] if "impact" in shown.follows else shown.impact
    title = _make_title(state, incident, impact, shown.components) if "title" in shown.follows else shown.title
    return replace(shown, impact=impact, title=public_text(title))


def _make_title(state: State, incident: IncidentState, impact: str, components: Sequence[str]) -> str:
    rules = state.rules.of(incident.project)
    rule = rules.incident_rule(incident.rule)
    names = [entry.rule.name for entry in rules.components.rules if entry.rule.id in components]
    severity = incident.severity if IMPACTS[incident.severity] == impact else SEVERITY_WORDS[impact]
    values = {"component": _join(names) or NO_COMPONENT, "severity": severity, "state": STATES[impact]}
    return render_title(DEFAULT_TITLE if rule is None else rule.publish_title, values)


def _join(names: list[str]) -> str:
    if len(names) > NAMED_COMPONENTS:
        names = [*names[: NAMED_COMPONENTS - 1], f"{len(names) - NAMED_COMPONENTS + 1} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def show_components(state: State, incident: IncidentState, more: Sequence[str]) -> IncidentState:
    """Show components that a published incident affects now and did not before; they come last."""
    shown = incident.published
    if shown is None or all(id in shown.components for id in more):
        return incident
    return follow(state, incident, replace(shown, components=list(dict.fromkeys([*shown.components, *more]))))


def show_severity(state: State, incident: IncidentState, before: Severity) -> IncidentState:
    """Show a severity that has changed; where a publisher chose the impact, only the timeline says what would follow."""
    shown = incident.published
    if shown is None:
        return incident
    suggested = IMPACTS[incident.severity]
    if "impact" in shown.follows:
        return follow(state, incident, shown)
    if suggested in (shown.impact, IMPACTS[before]):
        return incident
    text = f"severity {incident.severity} suggests the impact {suggested}: the status page keeps a publisher's, {shown.impact}"
    return record(state, incident, "suggestion", text, details={"shown": shown.impact, "suggested": suggested})


def follow(state: State, incident: IncidentState, shown: Publication) -> IncidentState:
    """Put what is shown, with the parts that follow the incident made anew."""
    after = as_followed(state, incident, shown)
    return incident if after == incident.published else state.change_incident(incident, published=after)


def end(state: State, incident: IncidentState) -> IncidentState:
    """Say publicly that an incident is resolved, unless its entry continues in another."""
    if incident.published is None or incident.published.continues_in is not None:
        return incident
    return _add_update(state, incident, PublicUpdate(state.now, "resolved", RESOLVED))


def _add_update(state: State, incident: IncidentState, update: PublicUpdate) -> IncidentState:
    shown = incident.published
    assert shown is not None
    return state.change_incident(incident, published=replace(shown, updates=[*shown.updates, update]))


def come_back(state: State, shown: Publication) -> Publication:
    """Give an entry that is looked into again.

    Of what comes back again and again only the first time and the last stay, or its updates would grow with each flap.
    """
    updates, text = shown.updates, CAME_BACK
    if len(updates) >= 2 and updates[-1].text == RESOLVED and updates[-2].text in (CAME_BACK, KEEPS_COMING_BACK):
        updates, text = updates[:-2], KEEPS_COMING_BACK
    return replace(shown, updates=[*updates, PublicUpdate(state.now, "investigating", text)])
