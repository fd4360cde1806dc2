"""Which entry of the status page an incident is shown as: its own, or one that it takes over from another (BEHAVIOUR 7).

An entry keeps its name, and so its public address, whichever incident it belongs to. It passes on when a published
incident is merged into one that is not, and when an alert that comes and goes opens one incident after the other.
Not here: what an entry shows (`publication.py`).
"""

from __future__ import annotations

from msgspec.structs import replace

from processors.core import publication
from processors.core.groups import group_of
from processors.core.incidents import follow_merges
from processors.core.publication import entry_of
from processors.core.state import State
from processors.core.timeline import record
from schemas.records import ALERT_BOT, IncidentState, Publication, PublicUpdate

MILDEST_FIRST = ("none", "minor", "major", "critical")


def publish_by_rule(state: State, incident: IncidentState) -> IncidentState:
    """Publish an incident as its rule says: as the entry of the one before it that its group's alerts come back from."""
    before = _came_back_from(state, incident)
    if before is None:
        return publication.publish(state, incident)
    shown = before.published
    if shown is not None:
        kept = [] if "components" in shown.follows else shown.components
        components = list(dict.fromkeys([*kept, *incident.components]))
        shown = publication.come_back(state, replace(shown, components=components))
    return _take_over(state, before, incident, shown, ALERT_BOT)


def _came_back_from(state: State, incident: IncidentState) -> IncidentState | None:
    """Find whom an incident takes its entry over from: the group's last one on the page, resolved within the flap window."""
    if incident.rule is None:
        return None
    window = state.rules.of(incident.project).project.flap_window
    numbers = state.group_incidents.get(group_of(incident.project, incident), ())
    known = (follow_merges(state, state.incidents[incident.project, number]) for number in numbers)
    resolved = ((one.resolved_at, one.number, one) for one in known if one.resolved_at is not None and one.page_entry)
    recent = [found for found in resolved if 0 <= incident.created_at - found[0] < window]
    return max(recent, key=lambda found: found[:2])[2] if recent else None


def merge_shown(state: State, source: IncidentState, target: IncidentState) -> IncidentState:
    """Let what the page shows of a merge's target cover the merged one too; gives the target as it is after.

    Its components and, of two published ones, the worse impact; what a publisher chose of either stays a choice.
    """
    ours, theirs = target.published, source.published
    if ours is None:
        return _inherit_timer(state, source, target)
    target = publication.show_components(state, target, source.components if theirs is None else theirs.components)
    ours = target.published
    if ours is None or theirs is None or _has_ended(theirs):
        return target
    impact = max(ours.impact, theirs.impact, key=MILDEST_FIRST.index)
    follows = [name for name in ours.follows if name == "title" or name in theirs.follows]
    return publication.follow(state, target, replace(ours, impact=impact, follows=follows))


def _inherit_timer(state: State, source: IncidentState, target: IncidentState) -> IncidentState:
    """Publish a target when the merged one would have been, unless people keep it from the page."""
    if source.publish_at is None or target.is_withheld or target.is_confidential:
        return target
    return state.change_incident(target, publish_at=min(source.publish_at, target.publish_at or source.publish_at))


def hand_over(state: State, source: IncidentState, target: IncidentState, actor: str) -> tuple[IncidentState, IncidentState]:
    """Let the entry of a merged incident go on as its target's, or say that it continues in that one's."""
    theirs, ours = source.published, target.published
    if theirs is None:
        return source, target
    if ours is None:
        theirs = replace(theirs, components=list(dict.fromkeys([*theirs.components, *target.components])))
        target = _take_over(state, source, target, theirs, actor)
        return state.incidents[source.project, source.number], publication.show_severity(state, target, source.severity)
    if _has_ended(theirs):
        return source, target
    status = theirs.updates[-1].status if theirs.updates else "investigating"
    source = state.change_incident(source, published=replace(theirs, continues_in=entry_of(target)))
    update = PublicUpdate(state.now, status, f"This continues in “{ours.title}”.")
    return publication.say_publicly(state, source, update, actor), target


def _has_ended(shown: Publication) -> bool:
    return bool(shown.updates) and shown.updates[-1].status == "resolved"


def _take_over(state: State, old: IncidentState, new: IncidentState, shown: Publication | None, actor: str) -> IncidentState:
    """Give one incident's entry to another, to be shown so; None: people took it off the page, and it stays off."""
    entry = entry_of(old)
    old = state.change_incident(old, published=None, page_entry="")
    record(state, old, "unpublished", f"incident #{new.number} has taken over its entry on the status page", actor)
    new = state.change_incident(new, page_entry=entry, publish_at=None)
    if shown is None:
        text = f"not published: the entry of incident #{old.number} was taken off the status page"
        return record(state, new, "unpublished", text, actor)
    new = publication.follow(state, new, shown)
    return record(state, new, "published", f"took over the status page's entry of incident #{old.number}", actor)
