"""The SQL of the API: which rows of the schema `tocsin` a viewer sees, filtered, sorted, a page at a time.

Pure: builds statements. Not here: running them (`database.py`), what rows become (`shapes.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from producers.operator.narrowing import OPEN, Narrowing
from producers.operator.paging import Cursor, Sort

MOST_COUNTED = 1_000
"""Of resolved alerts that a search finds: as many cost up to 25 ms at a million, 10,000 up to 45, all of them over a second."""
_STATUS_RANK: LiteralString = "array_position(ARRAY['ignored', 'resolved', 'acknowledged', 'triggered'], {table}.status)"

_URGENCY: LiteralString = "tocsin.urgency({table}.status, {table}.severity)"
_FROM_OPEN: LiteralString = f" AND {_URGENCY} >= 20"
_FROM_OPEN_STATUS: LiteralString = f" AND {_STATUS_RANK} >= 3"


@dataclass(frozen=True, slots=True)
class Query:
    """A statement and its values by name."""

    text: LiteralString
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SortKey:
    """What a sort compares, and its type, in which a cursor's text is read back."""

    expression: LiteralString
    type: LiteralString
    resolved: LiteralString = ""
    """What it compares in an index of resolved alerts, and null for others; where no index has both."""
    of_open: LiteralString = ""
    """What says of open ones where in the order they begin."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows: those of a project, without what is confidential unless the viewer sees that."""

    project: str
    viewer: str
    sees_confidential: bool


ALERT_SORTS: dict[str, SortKey] = {
    "number": SortKey("a.number", "bigint"),
    "started_at": SortKey("a.started_at", "timestamptz"),
    "ended_at": SortKey("coalesce(a.ended_at, 'infinity')", "timestamptz"),
    "events": SortKey("a.events", "bigint", resolved="a.final_events"),
    "severity": SortKey("tocsin.severity_rank(a.severity)", "smallint"),
    "status": SortKey(_STATUS_RANK.replace("{table}", "a"), "integer", of_open=_FROM_OPEN_STATUS.replace("{table}", "a")),
    "urgency": SortKey(_URGENCY.replace("{table}", "a"), "smallint", of_open=_FROM_OPEN.replace("{table}", "a")),
}
INCIDENT_SORTS: dict[str, SortKey] = {
    "number": SortKey("i.number", "bigint"),
    "started_at": SortKey("i.created_at", "timestamptz"),
    "ended_at": SortKey("coalesce(i.resolved_at, 'infinity')", "timestamptz"),
    "severity": SortKey("tocsin.severity_rank(i.severity)", "smallint"),
    "status": SortKey(_STATUS_RANK.replace("{table}", "i"), "integer", of_open=_FROM_OPEN_STATUS.replace("{table}", "i")),
    "urgency": SortKey(_URGENCY.replace("{table}", "i"), "smallint", of_open=_FROM_OPEN.replace("{table}", "i")),
}
_ALERTS: LiteralString = """
SELECT a.project, a.number, a.version, a.title, a.description, a.severity, a.status, a.events, a.started_at, a.ended_at,
       a.first_seen_at, a.last_seen_at, a.fingerprint, a.integration, a.service, a.monitoring_tool, a.hosts, a.environment,
       a.labels, a.annotations, a.links, a.query, a.incident, a.previous, a.assignees, a.suppressed_by_kind, a.suppressed_by_id,
       a.is_flapping, coalesce(a.status = 'resolved' AND a.last_seen_at > a.resolved_at, false) AS is_still_sent,
       a.end_reason{columns}
FROM tocsin.alerts a{joins}
WHERE a.project = %(project)s"""
_INCIDENTS: LiteralString = """
SELECT i.project, i.number, i.version, i.title, i.description, i.severity, i.status, i.rule, i.group_values, i.firing, i.total,
       i.created_at, i.acknowledged_at, i.resolved_at, i.author, i.assignees, i.zoom, i.links, i.is_confidential, i.published,
       i.merged_into, i.is_sla_missed, i.end_reason{columns}
FROM tocsin.incidents i
WHERE i.project = %(project)s"""
_SILENCES: LiteralString = """
SELECT s.id, s.matchers, s.starts_at, s.ends_at, s.comment, s.created_by, s.muted_7d,
       CASE WHEN s.ends_at <= %(now)s THEN 'expired' WHEN s.starts_at > %(now)s THEN 'pending' ELSE 'active' END AS state{columns}
FROM tocsin.silences s
WHERE s.project = %(project)s"""
SILENCE_STATES: dict[str, LiteralString] = {
    "expired": "s.ends_at <= %(now)s",
    "active": "(s.starts_at <= %(now)s AND s.ends_at > %(now)s)",
    "pending": "(s.starts_at > %(now)s AND s.ends_at > %(now)s)",
}
SILENCE_SORTS: dict[str, LiteralString] = {"ends_at": "s.ends_at", "starts_at": "s.starts_at"}
_OPEN_TO_VIEWER: LiteralString = "(NOT i.is_confidential OR i.author = %(viewer)s OR %(viewer)s = ANY (i.assignees))"
_INCIDENT_OPEN_TO_VIEWER: LiteralString = f"""({{of}}.incident IS NULL OR EXISTS (
    SELECT FROM tocsin.incidents i WHERE i.project = {{of}}.project AND i.number = {{of}}.incident AND {_OPEN_TO_VIEWER}))"""
_ENTRIES: LiteralString = """
SELECT t.at, t.actor, t.kind, t.text, t.details, t.incident, t.number, {key}::text AS sort_key
FROM tocsin.timeline t
WHERE t.project = %(project)s AND """
_PLACE: LiteralString = """ARRAY[
    (extract(epoch FROM t.at) * 1000)::bigint, t.inbox_offset, t.inbox_index, (t.kind <> 'alert_left')::int,
    coalesce(t.incident, 0), t.number]::bigint[]"""
"""Where an entry about an alert has its place: numbers count within one incident. An alert leaves before it joins another."""
_PAYLOAD_JOIN: LiteralString = " LEFT JOIN tocsin.payloads p ON p.project = a.project AND p.number = a.number"


def list_alerts(scope: Scope, narrowing: Narrowing, sort: Sort, cursor: Cursor | None, limit: int) -> Query:
    """Build the page of alerts after a cursor; one row more than `limit`, so that one sees whether more follow."""
    text = _ALERTS.replace("{joins}", "") + narrowing.text + _visible(scope, "a")
    return _page(text, "a.number", ALERT_SORTS[sort.name], sort, narrowing, _values(scope, narrowing, cursor, limit))


def count_alerts(scope: Scope, narrowing: Narrowing) -> Query:
    """Build the count of alerts by status, apart for each of the texts that are left to Python to decide about."""
    if not narrowing.text and not narrowing.looked_at:
        return _count_all_alerts(scope)
    if narrowing.is_search and not narrowing.looked_at:
        return _count_found_alerts(scope, narrowing)
    text: LiteralString = "SELECT a.status, count(*) AS count{columns} FROM tocsin.alerts a WHERE a.project = %(project)s"
    text = text.replace("{columns}", _looked_at(narrowing)) + narrowing.text + _visible(scope, "a")
    grouped: LiteralString = ", ".join(["a.status", *narrowing.looked_at])
    return Query(f"{text} GROUP BY {grouped}", {**_scope_values(scope), **narrowing.values})


def _count_all_alerts(scope: Scope) -> Query:
    """Count what is not resolved; the rest of all numbers given is. What the viewer may not see is little, and taken off."""
    text: LiteralString = """
WITH unresolved AS (
    SELECT a.status, count(*) AS count FROM tocsin.alerts a
    WHERE a.project = %(project)s AND a.status = ANY ('{triggered,acknowledged,ignored}') GROUP BY a.status)
SELECT status, sum(count)::bigint AS count FROM (
    SELECT status, count FROM unresolved
    UNION ALL SELECT 'resolved', p.alerts - p.alerts_deleted - (SELECT coalesce(sum(count), 0) FROM unresolved)
    FROM tocsin.projects p WHERE p.project = %(project)s{hidden}) counted
GROUP BY status"""
    hidden: LiteralString = f"""
    UNION ALL SELECT a.status, -1 FROM tocsin.incidents i JOIN tocsin.alerts a ON a.project = i.project AND a.incident = i.number
    WHERE i.project = %(project)s AND i.is_confidential AND NOT {_OPEN_TO_VIEWER}"""
    return Query(text.replace("{hidden}", "" if scope.sees_confidential else hidden), _scope_values(scope))


def _count_found_alerts(scope: Scope, narrowing: Narrowing) -> Query:
    """Count all that is not resolved, and of what is resolved `MOST_COUNTED`; `is_more` says that there are more.

    No index has texts and status: each alert found is looked at, 2 µs, and a common word is in all of a million.
    """
    found = "SELECT a.status FROM tocsin.alerts a WHERE a.project = %(project)s" + narrowing.text + _visible(scope, "a")
    statuses = set(narrowing.values["statuses"]) or {*OPEN, "ignored", "resolved"}
    parts: list[LiteralString] = []
    if statuses - {"resolved"}:
        parts.append(f"({found} AND a.status <> 'resolved')")
    if "resolved" in statuses:
        parts.append(f"({found} AND a.status = 'resolved' LIMIT %(most)s + 1)")
    more: LiteralString = "status = 'resolved' AND count(*) > %(most)s"
    text: LiteralString = f"SELECT status, CASE WHEN {more} THEN %(most)s ELSE count(*) END AS count, {more} AS is_more"
    text = f"{text} FROM ({' UNION ALL '.join(parts)}) found GROUP BY status"
    return Query(text, {**_scope_values(scope), **narrowing.values, "most": MOST_COUNTED})


def one_alert(scope: Scope, number: int) -> Query:
    text = _ALERTS.replace("{columns}", ", p.payload").replace("{joins}", _PAYLOAD_JOIN)
    return Query(text + " AND a.number = %(number)s" + _visible(scope, "a"), {**_scope_values(scope), "number": number})


def list_incidents(scope: Scope, narrowing: Narrowing, sort: Sort, cursor: Cursor | None, limit: int) -> Query:
    """Build the page of incidents after a cursor; one row more than `limit`."""
    text = _INCIDENTS + narrowing.text + _visible_incidents(scope)
    return _page(text, "i.number", INCIDENT_SORTS[sort.name], sort, narrowing, _values(scope, narrowing, cursor, limit))


def one_incident(scope: Scope, number: int) -> Query:
    text = _INCIDENTS.replace("{columns}", "") + " AND i.number = %(number)s" + _visible_incidents(scope)
    return Query(text, {**_scope_values(scope), "number": number})


def list_timeline(project: str, incident: int, narrowing: Narrowing, cursor: Cursor | None, limit: int) -> Query:
    """Build the page of an incident's timeline after a cursor, by time, then number; whether it is seen is asked before."""
    text = _ENTRIES.replace("{key}", "t.at") + "t.incident = %(incident)s" + narrowing.text
    values = {"project": project, "incident": incident, **narrowing.values, **_cursor_values(cursor, limit)}
    return Query(_ordered(text, "t.at", "timestamptz", "t.number", "", values), values)


def list_alert_timeline(scope: Scope, alert: int, narrowing: Narrowing, cursor: Cursor | None, limit: int) -> Query:
    """Build the page of all entries about an alert, of whichever incident it was in then; whether it is seen is asked before.

    Where it has been in an incident that the viewer does not see, what happened there is left out.
    """
    text = _ENTRIES.replace("{key}", _PLACE) + "t.alert = %(alert)s" + narrowing.text + _visible(scope, "t")
    values = {**_scope_values(scope), "alert": alert, **narrowing.values, **_cursor_values(cursor, limit)}
    return Query(_ordered(text, _PLACE, "bigint[]", "t.number", "", values), values)


def list_silences(
    project: str, now: datetime, states: Sequence[str], search: Narrowing, sort: Sort, cursor: Cursor | None, limit: int
) -> Query:
    """Build the page of silences after a cursor; `now` decides which state each is in."""
    text = _SILENCES + search.text
    if states:
        text += f" AND ({' OR '.join([SILENCE_STATES[state] for state in states])})"
    values = {"project": project, "now": now, **search.values, **_cursor_values(cursor, limit)}
    return _page(text, "s.id", SortKey(SILENCE_SORTS[sort.name], "timestamptz"), sort, search, values)


def one_silence(project: str, id: str, now: datetime) -> Query:
    text = _SILENCES.replace("{columns}", "") + " AND s.id = %(id)s"
    return Query(text, {"project": project, "id": id, "now": now})


def silences_in_force(project: str, besides: str, now: datetime) -> Query:
    """Build the matchers of the pending and active silences but one that have an expression or an exclusion; null: of the rest.

    Each comes with how many have just these.
    """
    text: LiteralString = """
SELECT CASE WHEN array_to_string(s.matchers, ' ') ~ '=~|!' THEN s.matchers END AS matchers, count(*) AS count
FROM tocsin.silences s WHERE s.project = %(project)s AND s.ends_at > %(now)s AND s.id <> %(besides)s GROUP BY 1"""
    return Query(text, {"project": project, "besides": besides, "now": now})


def count_muted(scope: Scope, narrowing: Narrowing, since: datetime) -> Query:
    """Build the count of the alerts that fired since a time, as `count_alerts` is.

    When an alert ended is in an index, unlike when it was last seen; open ones have no end.
    """
    text: LiteralString = "SELECT count(*) AS count{columns} FROM tocsin.alerts a WHERE a.project = %(project)s"
    text += " AND coalesce(a.ended_at, 'infinity') >= %(fired_since)s"
    text = text.replace("{columns}", _looked_at(narrowing)) + narrowing.text + _visible(scope, "a")
    if narrowing.looked_at:
        grouped: LiteralString = ", ".join(narrowing.looked_at)
        text += f" GROUP BY {grouped}"
    return Query(text, {**_scope_values(scope), **narrowing.values, "fired_since": since})


def find_outcomes(places: Sequence[tuple[int, int, int]]) -> Query:
    """Build the question what became of the commands at these places of the inbox: partition, offset, item."""
    text: LiteralString = """
SELECT o.partition, o.inbox_offset, o.item, o.events
FROM tocsin.outcomes o
JOIN unnest(%(partitions)s::integer[], %(offsets)s::bigint[], %(items)s::integer[]) AS w (partition, inbox_offset, item)
USING (partition, inbox_offset, item)"""
    partitions, offsets, items = ([place[at] for place in places] for at in range(3))
    return Query(text, {"partitions": partitions, "offsets": offsets, "items": items})


def command_outcome(scope: Scope, command_id: str, is_admin: bool) -> Query:
    """Build the question what became of the newest command of an id: for who gave it, and for admins."""
    text: LiteralString = """
SELECT o.events FROM tocsin.outcomes o
WHERE o.receipt = %(id)s AND o.project = %(project)s AND o.integration IS NULL AND (%(is_admin)s OR o.actor = %(viewer)s)
ORDER BY o.at DESC, o.inbox_offset DESC LIMIT 1"""
    return Query(text, {"project": scope.project, "id": command_id, "viewer": scope.viewer, "is_admin": is_admin})


def find_hidden(scope: Scope, numbers: Sequence[int]) -> Query:
    """Build the question which incidents and alerts of these numbers there are that the viewer does not see."""
    text: LiteralString = f"""
SELECT 'incident' AS kind, i.number FROM tocsin.incidents i
WHERE i.project = %(project)s AND i.number = ANY (%(numbers)s) AND NOT {_OPEN_TO_VIEWER}
UNION ALL
SELECT 'alert', a.number FROM tocsin.alerts a
WHERE a.project = %(project)s AND a.number = ANY (%(numbers)s) AND NOT {_INCIDENT_OPEN_TO_VIEWER.replace("{of}", "a")}"""
    return Query(text, {**_scope_values(scope), "numbers": list(numbers)})


def project_exists(project: str) -> Query:
    """Build the question whether a project has ever had an alert or incident, though it is configured no more."""
    return Query("SELECT 1 FROM tocsin.projects WHERE project = %(project)s", {"project": project})


def _visible(scope: Scope, of: LiteralString) -> LiteralString:
    """Leave out alerts, or entries about them, of incidents that the viewer does not see."""
    return "" if scope.sees_confidential else " AND " + _INCIDENT_OPEN_TO_VIEWER.replace("{of}", of)


def _visible_incidents(scope: Scope) -> LiteralString:
    return "" if scope.sees_confidential else f" AND {_OPEN_TO_VIEWER}"


def _page(
    text: LiteralString, last: LiteralString, key: SortKey, sort: Sort, narrowing: Narrowing, values: dict[str, Any]
) -> Query:
    text = text.replace("{columns}", f", {key.expression}::text AS sort_key{_looked_at(narrowing)}")
    order: LiteralString = " DESC" if sort.is_descending else ""
    if values["statuses"] and set(values["statuses"]) <= set(OPEN):
        text += key.of_open
    if not key.resolved or "resolved" not in (values["statuses"] or ("resolved",)):
        return Query(_ordered(text, key.expression, key.type, last, order, values), values)
    # The first rows of two lists, each in an order that its index has, are those of both.
    resolved = _ordered(f"{text} AND {key.resolved} IS NOT NULL", key.resolved, key.type, last, order, values)
    rest = _ordered(f"{text} AND a.status <> 'resolved'", key.expression, key.type, last, order, values)
    both: LiteralString = f"SELECT * FROM (({resolved}) UNION ALL ({rest})) found"
    return Query(f"{both} ORDER BY sort_key::{key.type}{order}, number{order} LIMIT %(limit)s", values)


def _ordered(
    text: LiteralString, expression: LiteralString, type: LiteralString, last: LiteralString, order: LiteralString, values: Any
) -> LiteralString:
    if "after_key" in values:
        beyond: LiteralString = "<" if order else ">"
        text += f" AND ({expression}, {last}) {beyond} (%(after_key)s::{type}, %(after_number)s)"
    return f"{text} ORDER BY {expression}{order}, {last}{order} LIMIT %(limit)s"


def _looked_at(narrowing: Narrowing) -> LiteralString:
    return f", ARRAY[{', '.join(narrowing.looked_at)}] AS looked_at" if narrowing.looked_at else ""


def _values(scope: Scope, narrowing: Narrowing, cursor: Cursor | None, limit: int) -> dict[str, Any]:
    return {**_scope_values(scope), **narrowing.values, **_cursor_values(cursor, limit)}


def _scope_values(scope: Scope) -> dict[str, Any]:
    return {"project": scope.project, "viewer": scope.viewer}


def _cursor_values(cursor: Cursor | None, limit: int) -> dict[str, Any]:
    after = {} if cursor is None else {"after_key": cursor.key, "after_number": cursor.number}
    return {"limit": limit + 1, **after}
