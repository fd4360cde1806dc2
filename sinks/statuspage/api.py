"""The page as Statuspage's `/api/v2` JSON. Pure; not here: what is shown (`model.py`).

Source: Atlassian's per-page API document; all fields that real clients read, times in UTC with milliseconds. One field
is our own: `continues_in`, of an incident that was merged into another of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from sinks.statuspage.model import ComponentState, Incident, Page, Reference, Update

Json = dict[str, Any]
RECENT = 50
"""Incidents in `incidents.json`, as Statuspage's."""


def render_files(page: Page) -> dict[str, bytes]:
    """Render every JSON file, by its path."""
    head: Json = {"page": _page(page)}
    status: Json = {"status": {"indicator": page.indicator, "description": page.description}}
    components: Json = {"components": [_component(page, one) for one in page.components]}
    unresolved: Json = {"incidents": _incidents(page, page.unresolved)}
    maintenances: Json = {"scheduled_maintenances": []}
    files: dict[str, Json] = {
        "summary": head | status | components | unresolved | maintenances,
        "status": head | status,
        "components": head | components,
        "incidents": head | {"incidents": _incidents(page, page.incidents[:RECENT])},
        "incidents/unresolved": head | unresolved,
        "scheduled-maintenances": head | maintenances,
        "scheduled-maintenances/upcoming": head | maintenances,
        "scheduled-maintenances/active": head | maintenances,
    }
    return {f"api/v2/{name}.json": msgspec.json.format(msgspec.json.encode(content)) + b"\n" for name, content in files.items()}


def render_time(millis: int) -> str:
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def incident_path(incident: Incident | Reference) -> str:
    """Give the path of an incident's own page, below the status page's address."""
    return f"incidents/{incident.id}"


def _page(page: Page) -> Json:
    return {
        "id": page.id,
        "name": page.title,
        "url": page.url,
        "time_zone": "Etc/UTC",
        "updated_at": render_time(page.updated_at),
    }


def _component(page: Page, component: ComponentState) -> Json:
    return {
        "id": component.id,
        "name": component.name,
        "status": component.status,
        "created_at": render_time(page.created_at),
        "updated_at": render_time(component.updated_at),
        "position": component.position,
        "description": component.description,
        "showcase": True,
        "start_date": None,
        "group_id": None,
        "page_id": page.id,
        "group": False,
        "only_show_if_degraded": False,
    }


def _incidents(page: Page, incidents: Sequence[Incident]) -> list[Json]:
    return [_incident(page, one) for one in incidents]


def _incident(page: Page, incident: Incident) -> Json:
    other = incident.continues_in
    return {
        "id": incident.id,
        "name": incident.title,
        "status": incident.status,
        "impact": incident.impact,
        "created_at": render_time(incident.created_at),
        "updated_at": render_time(incident.updated_at),
        "started_at": render_time(incident.created_at),
        "monitoring_at": None if incident.monitoring_at is None else render_time(incident.monitoring_at),
        "resolved_at": None if incident.resolved_at is None else render_time(incident.resolved_at),
        "shortlink": _link(page, incident),
        "page_id": page.id,
        "incident_updates": [_update(incident, one) for one in incident.updates],
        "components": [_component(page, one) for one in incident.components],
        "reminder_intervals": None,
        "continues_in": None if other is None else {"id": other.id, "name": other.title, "shortlink": _link(page, other)},
    }


def _link(page: Page, incident: Incident | Reference) -> str:
    return f"{page.url}/{incident_path(incident)}"


def _update(incident: Incident, update: Update) -> Json:
    at = render_time(update.at)
    return {
        "id": update.id,
        "incident_id": incident.id,
        "status": update.status,
        "body": update.text,
        "created_at": at,
        "updated_at": at,
        "display_at": at,
        "affected_components": None,
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }
