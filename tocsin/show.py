"""Alerts and incidents on a terminal: lists as tables, one as names and values (LOOK.md).

Pure: the time is passed in. Not here: columns and colours (`terminal.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from producers.operator.shapes import AlertInList, AlertTimelineEntry, Incident, Link, Publication, TimelineEntry
from tocsin.read_api import Alerts, Incidents, OneAlert, OneIncident
from tocsin.terminal import (
    NONE,
    Cell,
    Column,
    Terminal,
    exact,
    millis_of,
    muted_words,
    one_line,
    relative,
    render_fields,
    render_table,
    severity_cell,
)

Fields = list[tuple[str, str]]
ALERT_COLUMNS = (
    Column("severity"),
    Column("#", is_number=True),
    Column("title", is_wide=True),
    Column("status"),
    Column("events", is_number=True),
    Column("service"),
    Column("started"),
    Column("incident"),
)
INCIDENT_COLUMNS = (
    Column("severity"),
    Column("#", is_number=True),
    Column("title", is_wide=True),
    Column("status"),
    Column("firing", is_number=True),
    Column("opened"),
    Column("assignees"),
)
TIMELINE_COLUMNS = (Column("at"), Column("who"), Column("what"), Column("text"))
NOTHING_LIKE_THAT = "Nothing in its timeline is like that."
ALERT_TIMELINE_COLUMNS = (Column("at"), Column("incident"), *TIMELINE_COLUMNS[1:])


def render_alerts(page: Alerts, project: str, terminal: Terminal, now: int, *, is_filtered: bool) -> str:
    """Lay out a page of alerts, or say why there is none."""
    if not page.items:
        return _nothing("alerts", project, is_filtered, f"`tocsin send {project}` posts one to try.")
    table = render_table(terminal, ALERT_COLUMNS, [_alert_row(alert, now) for alert in page.items])
    return table + _more(page.next)


def render_incidents(page: Incidents, project: str, terminal: Terminal, now: int, *, is_filtered: bool) -> str:
    """Lay out a page of incidents, or say why there is none."""
    if not page.items:
        return _nothing(
            "incidents", project, is_filtered, "The rules under `incidents` in the configuration open them from alerts."
        )
    table = render_table(terminal, INCIDENT_COLUMNS, [_incident_row(incident, now) for incident in page.items])
    return table + _more(page.next)


def render_alert(alert: OneAlert, terminal: Terminal, now: int, *, is_filtered: bool = False) -> str:
    """Lay out one alert: what matters first, then its timeline, what it was made of last."""
    incident = f"#{alert.incident}: tocsin incident show {alert.project} {alert.incident}" if alert.incident is not None else NONE
    always: Fields = [
        ("alert", f"{alert.project} #{alert.number}"),
        ("status", _status(alert)),
        ("events", f"{alert.events:,}"),
        ("started", _when(alert.started_at, now)),
        ("ended", _when(alert.ended_at, now) + (f", because {alert.end_reason}" if alert.end_reason else "")),
        ("last seen", _when(alert.last_seen_at, now)),
        ("incident", incident),
        ("assignees", ", ".join(alert.assignees) or NONE),
        ("service", alert.service or NONE),
        ("integration", alert.integration),
    ]
    when_there: Fields = [
        ("environment", alert.environment or ""),
        ("hosts", "\n".join(alert.hosts)),
        ("tool", alert.monitoring_tool or ""),
        ("previous", f"#{alert.previous}" if alert.previous is not None else ""),
        ("description", alert.description or ""),
        ("labels", _pairs(alert.labels)),
        ("annotations", _pairs(alert.annotations)),
        ("links", _links(alert.links)),
        ("query", alert.query or ""),
        ("fingerprint", alert.fingerprint),
    ]
    parts = [_page(alert, [*always, *_there(when_there)], terminal), _alert_timeline(alert.timeline, terminal, is_filtered)]
    if alert.payload is not None:
        parts.append(render_fields(terminal, [("payload", _json(alert.payload))]))
    return "\n\n".join(parts)


def render_incident(incident: OneIncident, terminal: Terminal, now: int) -> str:
    """Lay out one incident, its timeline below."""
    always: Fields = [
        ("incident", f"{incident.project} #{incident.number}"),
        ("status", incident.status),
        ("alerts", f"{incident.alerts.firing} of {incident.alerts.total} firing"),
        ("opened", f"{_when(incident.created_at, now)} by {incident.author}"),
        ("acknowledged", _when(incident.acknowledged_at, now)),
        ("resolved", _when(incident.resolved_at, now)),
        ("assignees", ", ".join(incident.assignees) or NONE),
    ]
    when_there: Fields = [
        ("rule", incident.rule or ""),
        ("group", _pairs(incident.group)),
        ("zoom", incident.zoom or ""),
        ("links", _links(incident.links)),
        ("confidential", "yes" if incident.confidential else ""),
        ("published", "" if incident.published is None else _published(incident.published)),
        ("merged into", f"#{incident.merged_into}" if incident.merged_into is not None else ""),
        ("sla", "missed" if incident.sla_missed else ""),
        ("ended", incident.end_reason or ""),
        ("description", incident.description),
    ]
    page = _page(incident, [*always, *_there(when_there)], terminal)
    if not incident.timeline:
        return f"{page}\n\n{NOTHING_LIKE_THAT}"
    return f"{page}\n\n{render_table(terminal, TIMELINE_COLUMNS, [_timeline_row(entry) for entry in incident.timeline])}"


def _published(shown: Publication) -> str:
    merged = "" if shown.continues_in is None else ", continues in another entry"
    chosen = "by its severity" if "impact" in shown.follows else "as a publisher chose"
    return f"as {shown.title} (impact {shown.impact}, {chosen}{merged})"


def _alert_timeline(entries: Sequence[AlertTimelineEntry], terminal: Terminal, is_filtered: bool) -> str:
    if not entries:
        return NOTHING_LIKE_THAT if is_filtered else "Nobody has done anything about it yet."
    rows = [_timeline_row(entry) for entry in entries]
    for row, entry in zip(rows, entries, strict=True):
        row.insert(1, _incident_cell(entry.incident))
    return render_table(terminal, ALERT_TIMELINE_COLUMNS, rows)


def _incident_cell(incident: int | None) -> Cell:
    return Cell(NONE if incident is None else f"#{incident}")


def _alert_row(alert: AlertInList, now: int) -> list[Cell]:
    return [
        severity_cell(alert.severity),
        Cell(str(alert.number)),
        Cell(alert.title),
        Cell(_status(alert)),
        Cell(f"{alert.events:,}"),
        Cell(alert.service or NONE),
        Cell(relative(millis_of(alert.started_at), now)),
        _incident_cell(alert.incident),
    ]


def _incident_row(incident: Incident, now: int) -> list[Cell]:
    return [
        severity_cell(incident.severity),
        Cell(str(incident.number)),
        Cell(incident.title),
        Cell(incident.status),
        Cell(f"{incident.alerts.firing}/{incident.alerts.total}"),
        Cell(relative(millis_of(incident.created_at), now)),
        Cell(", ".join(incident.assignees) or NONE),
    ]


def _timeline_row(entry: TimelineEntry) -> list[Cell]:
    return [Cell(exact(millis_of(entry.at)), "2"), Cell(entry.actor), Cell(entry.kind.replace("_", " ")), Cell(entry.text)]


def _page(item: AlertInList | Incident, fields: Fields, terminal: Terminal) -> str:
    cell = severity_cell(item.severity)
    return f"{terminal.paint(cell.text, cell.code)}  {one_line(item.title)}\n{render_fields(terminal, fields)}"


def _status(alert: AlertInList) -> str:
    muted = f", {muted_words(alert.suppressed_by.kind, alert.suppressed_by.id)}" if alert.suppressed_by else ""
    return alert.status + muted + (", flapping" if alert.flapping else "") + (", still sent" if alert.still_sent else "")


def _when(time: str | None, now: int) -> str:
    return NONE if time is None else f"{exact(millis_of(time))} ({relative(millis_of(time), now)})"


def _there(fields: Sequence[tuple[str, str]]) -> Fields:
    return [field for field in fields if field[1]]


def _pairs(values: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in values.items())


def _links(links: Sequence[Link]) -> str:
    return "\n".join(f"{link.kind} {link.url}" for link in links)


def _json(payload: object) -> str:
    """Write it for people; half characters, which no terminal can show, as U+FFFD."""
    return json.dumps(payload, indent=2, ensure_ascii=False).encode("utf-8", "replace").decode()


def _nothing(kind: str, project: str, is_filtered: bool, hint: str) -> str:
    return f"No {kind} of {project} are like that." if is_filtered else f"No {kind} in {project} yet. {hint}"


def _more(cursor: str | None) -> str:
    return "" if cursor is None else f"\n\nThere are more: --cursor {cursor}"
