"""The status page as it is to be shown, built from what was published and the configured components, and nothing else.

Pure: equal input and day give equal pages. Every file is a view of this one model, so what may not become public is
taken out of its texts here, whoever wrote them and whenever. Ids tell nothing of projects and numbers. The words are
Statuspage's; its rollup is not documented, so ours is written down in `_indicator`. Not here: HTML (`render.py`), JSON
(`api.py`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from schemas import records
from schemas.configuration import Component, StatusPage
from schemas.public_text import public_text
from schemas.sink_records import PublishedIncident
from sinks.follow_configuration import Applied

IMPACTS = ("none", "minor", "major", "critical")
"""Mildest first."""
COMPONENT_STATUSES = ("operational", "degraded_performance", "partial_outage", "major_outage")
"""Mildest first; the same place as the impact that leads to it."""
DEFAULT_TITLE = "Status"
ID_CHARACTERS = 16
Name = tuple[str, str]
"""Of an entry of the page: its project, and its name there."""


@dataclass(frozen=True, slots=True)
class Update:
    """A word to the public; `at` in milliseconds, as all times here."""

    id: str
    status: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class ComponentState:
    id: str
    name: str
    description: str | None
    position: int
    status: str
    updated_at: int


@dataclass(frozen=True, slots=True)
class Reference:
    """Another incident of the page."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Incident:
    """`updates` are newest first and may be empty; `components` in the order of the page, those still configured.

    One that `continues_in` another is open as long as that one, which says all that there is to say.
    """

    id: str
    title: str
    impact: str
    status: str
    created_at: int
    updated_at: int
    monitoring_at: int | None
    resolved_at: int | None
    updates: tuple[Update, ...]
    components: tuple[ComponentState, ...]
    continues_in: Reference | None = None

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def lasted(self) -> int:
        """Milliseconds from the publication to the end, so far as there is one."""
        return (self.resolved_at or self.updated_at) - self.created_at


@dataclass(frozen=True, slots=True)
class Page:
    """`url` has no slash at its end. `incidents` are newest first, open and resolved ones."""

    id: str
    title: str
    url: str
    indicator: str
    description: str
    created_at: int
    updated_at: int
    components: tuple[ComponentState, ...]
    incidents: tuple[Incident, ...]

    @property
    def unresolved(self) -> tuple[Incident, ...]:
        return tuple(one for one in self.incidents if one.is_open)

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Unresolved ones that speak for themselves."""
        return tuple(one for one in self.unresolved if one.continues_in is None)


def build_page(published: Iterable[PublishedIncident], applied: Applied) -> Page:
    """Build the page; without a configured one it has no components and a plain title."""
    configured = applied.configuration.status_page or StatusPage(title=DEFAULT_TITLE, url="")
    shown = {(one.project, _entry_of(one)): one.publication for one in published if one.publication is not None}
    components = _components(configured.components, list(shown.values()), applied.at)
    alone = {name: _incident(name, publication, components) for name, publication in shown.items()}
    incidents = sorted((_continued(name, shown, alone) for name in shown), key=_newest_first)
    open_impacts = [one.impact for one in incidents if one.is_open and one.continues_in is None]
    indicator = _indicator(open_impacts, components)
    return Page(
        id=_id("page", configured.title),
        title=public_text(configured.title),
        url=configured.url.rstrip("/"),
        indicator=indicator,
        description=_description(indicator, components),
        created_at=applied.at,
        updated_at=max((applied.at, *(one.updated_at for one in incidents))),
        components=components,
        incidents=tuple(incidents),
    )


def _newest_first(incident: Incident) -> tuple[int, str]:
    return -incident.created_at, incident.id


def _components(
    configured: Sequence[Component], publications: Sequence[records.Publication], since: int
) -> tuple[ComponentState, ...]:
    states = []
    for position, component in enumerate(configured, start=1):
        concerned = [one for one in publications if component.id in one.components]
        speaking = [one for one in concerned if one.continues_in is None]
        worst = max((_rank(one.impact) for one in speaking if _resolved_at(one) is None), default=0)
        changed = max((since, *(_updated_at(one) for one in concerned)))
        name, description = public_text(component.name), component.description and public_text(component.description)
        state = ComponentState(component.id, name, description, position, COMPONENT_STATUSES[worst], changed)
        states.append(state)
    return tuple(states)


def _entry_of(one: PublishedIncident) -> str:
    return one.entry or str(one.number)


def _incident(name: Name, publication: records.Publication, components: Sequence[ComponentState]) -> Incident:
    id = _id("incident", *name)
    updates = [
        Update(_id(id, str(said.at), said.status, str(place)), said.status, public_text(said.text), said.at)
        for place, said in _count_equals(publication.updates)
    ]
    monitoring = [said.at for said in publication.updates if said.status == "monitoring"]
    return Incident(
        id=id,
        title=public_text(publication.title),
        impact=publication.impact if publication.impact in IMPACTS else "none",
        status=updates[-1].status if updates else "investigating",
        created_at=publication.published_at,
        updated_at=_updated_at(publication),
        monitoring_at=monitoring[-1] if monitoring else None,
        resolved_at=_resolved_at(publication),
        updates=tuple(reversed(updates)),
        components=tuple(state for state in components if state.id in publication.components),
    )


def _count_equals(updates: Sequence[records.PublicUpdate]) -> Iterator[tuple[int, records.PublicUpdate]]:
    """Give with each update how many of the same moment and status stand before it: with these its id stays its own."""
    seen: Counter[tuple[int, str]] = Counter()
    for said in updates:
        yield seen[said.at, said.status], said
        seen[said.at, said.status] += 1


def _continued(name: Name, shown: Mapping[Name, records.Publication], alone: Mapping[Name, Incident]) -> Incident:
    """Give an incident that goes on in another, or through it in a third, the state of that one.

    Where that one is not on the page, it ended when it was said to continue there.
    """
    incident, end = alone[name], _end_of(name, shown)
    if end == name:
        return incident
    if end is None:
        return replace(incident, status="resolved", resolved_at=incident.updated_at)
    last = alone[end]
    return replace(
        incident,
        status=last.status,
        resolved_at=last.resolved_at,
        updated_at=max(incident.updated_at, last.updated_at),
        continues_in=Reference(last.id, last.title),
    )


def _end_of(name: Name, shown: Mapping[Name, records.Publication]) -> Name | None:
    """Follow an entry to where it continues last; None: that is not on the page."""
    for _ in shown:
        if name not in shown:
            return None
        onwards = shown[name].continues_in
        if onwards is None:
            return name
        name = (name[0], onwards)
    return None


def _resolved_at(publication: records.Publication) -> int | None:
    """An incident has ended when its last update says so."""
    last = publication.updates[-1] if publication.updates else None
    return last.at if last is not None and last.status == "resolved" else None


def _updated_at(publication: records.Publication) -> int:
    return max((publication.published_at, *(said.at for said in publication.updates)))


def _indicator(open_impacts: Sequence[str], components: Sequence[ComponentState]) -> str:
    """The worst open impact; but critical when every component has a major outage."""
    worst = max(map(_rank, open_impacts), default=0)
    if components and all(one.status == "major_outage" for one in components):
        worst = _rank("critical")
    return IMPACTS[worst]


def _description(indicator: str, components: Sequence[ComponentState]) -> str:
    match indicator:
        case "critical":
            return "Major Service Outage"
        case "major":
            return "Partial System Outage"
        case "minor":
            has_outage = any(one.status in ("partial_outage", "major_outage") for one in components)
            return "Minor Service Outage" if has_outage else "Partially Degraded Service"
        case _:
            return "All Systems Operational"


def _rank(impact: str) -> int:
    return IMPACTS.index(impact) if impact in IMPACTS else 0


def _id(*names: str) -> str:
    """Name a thing for the public, always the same; what it is called inside cannot be read from it."""
    return hashlib.sha256("\0".join(("tocsin", *names)).encode()).hexdigest()[:ID_CHARACTERS]
