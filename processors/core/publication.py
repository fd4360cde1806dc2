"""What the public is shown of an incident: its title, impact, components and updates, and nothing else (BEHAVIOUR 7).

Not here: when (`correlate.py`, `timers.py`, `commands/publishing.py`), and the page itself (the sink).
"""

from __future__ import annotations

from processors.core.state import State
from processors.core.timeline import record
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
INVESTIGATING = "We are looking into this."
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
    """Show an incident on the status page: its title, its impact, its components, and nothing else."""
    publication = Publication(
        title=title or incident.title,
        impact=impact or IMPACTS[incident.severity],
        components=incident.components if components is None else components,
        published_at=state.now,
        updates=[PublicUpdate(state.now, "investigating", INVESTIGATING)],
    )
    incident = state.change_incident(incident, published=publication, publish_at=None)
    return record(state, incident, "published", "published on the status page", actor)


def unpublish(state: State, incident: IncidentState, actor: str, text: str = "taken off the status page") -> IncidentState:
    """Show an incident on the status page no longer, nor publish it by its rule."""
    incident = state.change_incident(incident, published=None, publish_at=None)
    return record(state, incident, "unpublished", text, actor)


def say_publicly(state: State, incident: IncidentState, update: PublicUpdate, actor: str) -> IncidentState:
    """Add an update to what the status page shows."""
    incident = state.change_incident(incident, published=republished(incident, update=update))
    return record(state, incident, "status_update", f"{update.status}: {update.text}", actor)


def republished(
    incident: IncidentState, *, impact: str | None = None, components: list[str] | None = None, update: PublicUpdate | None = None
) -> Publication:
    """Give what is shown of a published incident after a change of it."""
    old = incident.published
    assert old is not None
    return Publication(
        title=old.title,
        impact=impact or old.impact,
        components=old.components if components is None else components,
        published_at=old.published_at,
        updates=[*old.updates, update] if update else old.updates,
    )
