"""The order of the elements of one request changes no incident, no notification and no count; numbers aside."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.records import AlertBatch, AlertEvent, AlertState, IncidentState
from tests.properties.inboxes import inboxes
from tests.simulation.arriving import Arrival, inbox_of
from tests.world import ReadModel, World

chances = st.integers(0, 2**32).map(Random)


@given(inboxes, chances)
def test_order_within_requests_changes_no_incident_no_notification_and_no_count(arrivals: list[Arrival], chance: Random) -> None:
    told = [_without_commands(arrival) for arrival in arrivals]
    shuffled = [_shuffled(arrival, chance) for arrival in told]
    assert _facts(World(inbox=inbox_of(told)).run()) == _facts(World(inbox=inbox_of(shuffled)).run())


def _without_commands(arrival: Arrival) -> Arrival:
    """Leave out what names numbers, and what a condition said twice in one request: there the order tells what came last."""
    items = [_once_each(item) if isinstance(item, AlertBatch) else item for item in arrival.items if not _names_numbers(item)]
    return replace_items(arrival, items)


def _names_numbers(item: Any) -> bool:
    return hasattr(item, "verb")


def _once_each(batch: AlertBatch) -> AlertBatch:
    first: dict[Any, AlertEvent] = {}
    for event in batch.events:
        first.setdefault((event.fingerprint, event.identity) if event.fingerprint else event.index, event)
    return replace(batch, events=list(first.values()), total=len(first) + len(batch.refusals))


def _shuffled(arrival: Arrival, chance: Random) -> Arrival:
    return replace_items(arrival, [_shuffle(item, chance) if isinstance(item, AlertBatch) else item for item in arrival.items])


def _shuffle(batch: AlertBatch, chance: Random) -> AlertBatch:
    return replace(batch, events=chance.sample(batch.events, len(batch.events)))


def replace_items(arrival: Arrival, items: list[Any]) -> Arrival:
    return Arrival(arrival.at, tuple(items), arrival.broken_events)


def _facts(model: ReadModel) -> list[Any]:
    """Tell alerts and incidents by what they are about instead of by their numbers."""
    alerts = {key: _alert(model, alert) for key, alert in model.alerts.items()}
    members: dict[Any, list[str]] = {}
    for (project, number), alert in model.alerts.items():
        if alert.incident is not None:
            members.setdefault((project, alert.incident), []).append(alerts[project, number])
    incidents = {key: _incident(incident, sorted(members.get(key, ()))) for key, incident in model.incidents.items()}
    told = sorted((n.at, n.kind, n.receiver, n.severity, incidents[n.project, n.incident]) for n in model.notifications)
    outcomes = [sorted((event.outcome, event.reason or "") for event in outcome.events) for outcome in model.outcomes]
    return [sorted(alerts.values()), sorted(incidents.values()), told, outcomes]


def _alert(model: ReadModel, alert: AlertState) -> str:
    hidden = {"number": 0, "version": 0, "offset": 0, "index": 0, "incident": None, "previous": None, "timeline_count": 0}
    muted = alert.suppressed_by
    kept = replace(alert, **hidden, suppressed_by=None if muted is None or muted.kind == "inhibition" else muted)
    return f"{muted is not None} {kept} {model.contents[alert.project, alert.number]}"


def _incident(incident: IncidentState, members: list[str]) -> str:
    hidden = {"number": 0, "version": 0, "offset": 0, "index": 0, "first_alert": None, "timeline_count": 0}
    links = incident.description.replace(f"/alerts/{incident.first_alert}", "").replace(f"#{incident.first_alert}", "")
    kept = replace(incident, **hidden, description=links, components=sorted(incident.components), notification_count=0)
    kept = replace(kept, group=[replace(part, value=part.value.partition("#")[0]) for part in incident.group])
    kept = replace(kept, page_entry=incident.page_entry and "its number")
    published = incident.published
    if published is not None:
        kept = replace(kept, published=replace(published, components=sorted(published.components)))
    title = incident.title if incident.title != f"New: Incident {incident.number}" else ""
    return f"{replace(kept, title=title)} {members}"
