"""The page as HTML and CSS: no script, no inline style, readable without colour, in both themes. Pure.

Published text is escaped, never read as markup. Not here: what is shown (`model.py`), writing files (`publish.py`).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sinks.statuspage.api import incident_path
from sinks.statuspage.api import render_files as render_json_files
from sinks.statuspage.api import render_time as render_iso
from sinks.statuspage.model import IMPACTS, Incident, Page

DAY_MILLIS = 86_400_000
PAST_DAYS = 14
STATES = {
    "operational": ("ok", "✓", "Operational"),
    "degraded_performance": ("medium", "●", "Degraded performance"),
    "partial_outage": ("high", "◆", "Partial outage"),
    "major_outage": ("critical", "▲", "Major outage"),
    "none": ("ok", "✓", "No impact"),
    "minor": ("medium", "●", "Minor impact"),
    "major": ("high", "◆", "Major impact"),
    "critical": ("critical", "▲", "Critical impact"),
}
"""For each status of a component and each impact: class, shape and words. Shapes and colours are LOOK's."""


def render_site(page: Page, now: int) -> dict[str, bytes]:
    """Render every file of the site by its path; `now` decides only which day is 14 days ago."""
    style = _read("style.css")
    style_path = f"assets/style-{hashlib.sha256(style).hexdigest()[:12]}.css"
    continued = [one for one in page.unresolved if one.continues_in is not None]
    values = {
        "page": page,
        "style_path": style_path,
        "open_incidents": _worst_first(page.open_incidents),
        "continued": continued,
    }
    site = {style_path: style, "index.html": _render("index.html.j2", root="", past=recent_past(page, now), **values)}
    for incident in page.incidents:
        site[f"{incident_path(incident)}/index.html"] = _render("incident.html.j2", root="../../", incident=incident, **values)
    return site | render_json_files(page)


def recent_past(page: Page, now: int) -> list[Incident]:
    """Give the resolved incidents that ended today (UTC) or in the 14 days before, the last ended first."""
    since = (now // DAY_MILLIS - PAST_DAYS) * DAY_MILLIS
    past = [one for one in page.incidents if one.resolved_at is not None and one.resolved_at >= since]
    return sorted(past, key=lambda one: -(one.resolved_at or 0))


def render_moment(millis: int) -> Markup:
    """Render a time for people, with its zone, and for machines."""
    moment = datetime.fromtimestamp(millis / 1000, UTC)
    text = f"{moment.day} {moment:%b %Y, %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(render_iso(millis), text)


def render_duration(millis: int) -> str:
    minutes = round(millis / 60_000)
    if minutes < 1:
        return "under a minute"
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{rest} min" if rest and not days else ""]
    return " ".join(part for part in parts if part)


def _worst_first(incidents: tuple[Incident, ...]) -> list[Incident]:
    return sorted(incidents, key=lambda one: -IMPACTS.index(one.impact))


def _render(template: str, **values: object) -> bytes:
    return _environment().get_template(template).render(**values).encode()


@cache
def _environment() -> Environment:
    loader = PackageLoader("sinks.statuspage", "templates")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"moment": render_moment, "duration": render_duration, "path": incident_path}
    environment.globals |= {"states": STATES, "past_days": PAST_DAYS}
    return environment


@cache
def _read(name: str) -> bytes:
    return files("sinks.statuspage").joinpath("templates", name).read_bytes()
