"""What people decide about the public: publishing, updates, and what must stay inside. Not here: the page itself (the sink)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from processors.core import incidents, publication
from processors.core.commands.request import Refused, Request
from processors.core.timeline import record
from schemas import commands
from schemas.public_text import public_text
from schemas.records import IncidentState, PublicUpdate


def publish(request: Request, asked: commands.Publish) -> None:
    incident = request.find_open_incident()
    if incident.is_confidential:
        raise Refused("the incident is confidential")
    _check_components(request, asked.components or ())
    title = None if asked.title is None else public_text(asked.title)
    if incident.published is None:
        publication.publish(request.state, incident, request.actor, title=title, impact=asked.impact, components=asked.components)
    else:
        _publish_anew(request, incident, title, asked)


def _publish_anew(request: Request, incident: IncidentState, title: str | None, asked: commands.Publish) -> None:
    """Change what the page says of a published incident, where that is another; what is named here stays so."""
    before = incident.published
    assert before is not None
    given = {"title": title, "impact": asked.impact, "components": asked.components}
    after = replace(
        before,
        title=title or before.title,
        impact=asked.impact or before.impact,
        components=before.components if asked.components is None else asked.components,
        follows=[name for name in before.follows if given[name] is None],
    )
    after = publication.as_followed(request.state, incident, after)
    if after != before:
        changed = request.state.change_incident(incident, published=after)
        record(request.state, changed, "published", f"changed on the status page: “{after.title}”", request.actor)


def _check_components(request: Request, ids: list[str] | tuple[str, ...]) -> None:
    known = {entry.rule.id for entry in request.rules.components.rules}
    for id in ids:
        if id not in known:
            raise Refused(f"project {request.project} has no component {id} on the status page")


def unpublish(request: Request, _: commands.Nothing) -> None:
    incident = request.find_incident()
    if incident.published is not None or incident.publish_at is not None:
        publication.unpublish(request.state, incident, request.actor)


def update_status(request: Request, asked: commands.StatusUpdate) -> None:
    incident = request.find_incident()
    if incident.published is None:
        raise Refused("the incident is not published: publish it first")
    if incident.published.continues_in is not None:
        home = incidents.follow_merges(request.state, incident)
        raise Refused(f"its entry continues in that of incident #{home.number}: write there")
    update = PublicUpdate(request.state.now, asked.status, public_text(asked.text))
    publication.say_publicly(request.state, incident, update, request.actor)


def set_confidential(request: Request, asked: commands.Confidential) -> None:
    incident = request.find_open_incident()
    if incident.is_confidential == asked.on:
        return
    incident = request.state.change_incident(incident, is_confidential=asked.on)
    text = "confidential from now on" if asked.on else "no longer confidential"
    incident = record(request.state, incident, "confidential", text, request.actor)
    if asked.on and (incident.published is not None or incident.publish_at is not None):
        publication.unpublish(request.state, incident, request.actor, "taken off the status page, since it is confidential")


HANDLERS: Mapping[str, Callable[[Request, Any], None]] = {
    "publish": publish,
    "unpublish": unpublish,
    "status-update": update_status,
    "confidential": set_confidential,
}
