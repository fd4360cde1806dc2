"""The status page as it is to be shown, built from what was published and the configured components, and nothing else.

Pure: equal input and day give equal pages. Every file is a view of this one model. Not here: HTML (`render.py`), JSON
(`api.py`). Ids tell nothing of projects and numbers. The words are Statuspage's; its rollup is not documented, so ours
is written down in `_indicator`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas import records
from schemas.configuration import Component, StatusPage
from schemas.sink_records import PublishedIncident
from sinks.follow_configuration import Applied

IMPACTS = ("none", "minor", "major", "critical")
"""Mildest first."""
COMPONENT_STATUSES = ("operational", "degraded_performance", "partial_outage", "major_outage")
"""Mildest first; the same place as the impact that leads to it."""
DEFAULT_TITLE = "Status"
ID_CHARACTERS = 16


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
class Incident:
    """`updates` are newest first and may be empty; `components` in the order of the page, those still configured."""

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
    def open_incidents(self) -> tuple[Incident, ...]:
        return tuple(one for one in self.incidents if one.is_open)


def build_page(published: Iterable[PublishedIncident], applied: Applied) -> Page:
    """Build the page; without a configured one it has no components and a plain title."""
    configured = applied.configuration.status_page or StatusPage(title=DEFAULT_TITLE, url="")
    shown = [(one, one.publication) for one in published if one.publication is not None]
    components = _components(configured.components, [publication for _, publication in shown], applied.at)
    incidents = sorted((_incident(one, publication, components) for one, publication in shown), key=_newest_first)
    open_impacts = [one.impact for one in incidents if one.is_open]
    indicator = _indicator(open_impacts, components)
    return Page(
        id=_id("page", configured.title),
        title=configured.title,
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
        worst = max((_rank(one.impact) for one in concerned if _resolved_at(one) is None), default=0)
        changed = max((since, *(_updated_at(one) for one in concerned)))
        state = ComponentState(component.id, component.name, component.description, position, COMPONENT_STATUSES[worst], changed)
        states.append(state)
    return tuple(states)


def _incident(one: PublishedIncident, publication: records.Publication, components: Sequence[ComponentState]) -> Incident:
    name = _id("incident", one.project, str(one.number))
    updates = [Update(_id(name, str(place)), said.status, said.text, said.at) for place, said in enumerate(publication.updates)]
    monitoring = [said.at for said in publication.updates if said.status == "monitoring"]
    return Incident(
        id=name,
        title=publication.title,
        impact=publication.impact if publication.impact in IMPACTS else "none",
        status=updates[-1].status if updates else "investigating",
        created_at=publication.published_at,
        updated_at=_updated_at(publication),
        monitoring_at=monitoring[-1] if monitoring else None,
        resolved_at=_resolved_at(publication),
        updates=tuple(reversed(updates)),
        components=tuple(state for state in components if state.id in publication.components),
    )


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
