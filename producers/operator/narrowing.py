"""What a list is narrowed to, as SQL where PostgreSQL decides it exactly as the rest of tocsin does.

Its regular expressions are others than RE2's, so matchers with one are left to Python (`Narrowing.left_over`). Pure.
Not here: what the query string may say (`filters.py`), whose rows are seen (`queries.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString

from producers.operator.shapes import Row
from schemas.matchers import SEVERITY, Matcher, join_words, matches_all
from schemas.records import SEVERITIES

OPEN = ("triggered", "acknowledged")
EXACT = ("=", "!=")
_LIKE_ESCAPES = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; an empty one narrows nothing."""

    statuses: Sequence[str] = ()
    severities: Sequence[str] = ()
    integrations: Sequence[str] = ()
    assignees: Sequence[str] = ()
    matchers: Sequence[Matcher] = ()
    search: str = ""
    kinds: Sequence[str] = ()
    actors: Sequence[str] = ()
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """How filters reach into one table: names of matchers to expressions that are never null."""

    started_at: LiteralString
    searched: Sequence[LiteralString]
    fields: dict[str, LiteralString]
    other: LiteralString
    """Any other name, which stands in it as `{name}`."""
    prefix: str = ""
    """Taken off such a name."""
    indexed: dict[str, LiteralString] = field(default_factory=dict)
    """What says the same as being equal to a `{value}` that is not empty, or to a label as `{json}`; by name."""
    indexed_other: LiteralString = ""
    severity_as_sent: Sequence[LiteralString] = ()
    """The words of senders for the severity; null or empty where there is none."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Conditions with their values, and the matchers that they leave over with the expressions those look at."""

    text: LiteralString
    values: dict[str, Any]
    left_over: Sequence[Matcher] = ()
    looked_at: Sequence[LiteralString] = field(default=())
    """The expressions of each matcher left over, one after the other: as many as it has in `places`."""
    places: Sequence[tuple[int, ...]] = ()
    is_search: bool = False
    """It looks for a part of texts."""

    @property
    def keep(self) -> Callable[[Row], bool] | None:
        """Give what decides about the rows found; None when they are all wanted."""
        if not self.left_over:
            return None
        places = {matcher.looked_up: places for matcher, places in zip(self.left_over, self.places, strict=True)}
        return lambda row: matches_all(self.left_over, lambda name: _text_of([row["looked_at"][place] for place in places[name]]))


_ALERTNAME: LiteralString = "coalesce(nullif(a.labels ->> 'alertname', ''), a.title)"
ALERTS = Table(
    "a.started_at",
    ("a.title", "a.description", "a.service", "a.monitoring_tool"),
    {
        "title": "a.title",
        "description": "coalesce(a.description, '')",
        "service": "coalesce(a.service, '')",
        "environment": "coalesce(a.environment, '')",
        "monitoring_tool": "coalesce(a.monitoring_tool, '')",
        "severity": "a.severity",
        "status": "a.status",
        "integration": "a.integration",
        "alertname": _ALERTNAME,
    },
    "coalesce(a.labels ->> {name}, '')",
    "labels.",
    {
        "alertname": f"(a.labels @> {{json}} OR a.title = {{value}}) AND {_ALERTNAME} = {{value}}",
        "description": "a.description = {value}",
        "service": "a.service = {value}",
        "environment": "a.environment = {value}",
        "monitoring_tool": "a.monitoring_tool = {value}",
    },
    "a.labels @> {json}",
    ("a.severity_as_sent", "a.labels ->> 'severity'"),
)
_AS_SENT: LiteralString = """(
    SELECT {word} FROM tocsin.alerts w WHERE w.project = i.project AND w.incident = i.number AND w.severity = i.severity
    ORDER BY w.number IS DISTINCT FROM i.first_alert, w.number LIMIT 1)"""
"""As the core finds it for routes: of the first of an incident's alerts that has its severity."""
INCIDENTS = Table(
    "i.created_at",
    ("i.title", "i.description", "i.service"),
    {
        "title": "i.title",
        "description": "i.description",
        "service": "coalesce(i.service, '')",
        "severity": "i.severity",
        "status": "i.status",
    },
    "coalesce((SELECT g ->> 'value' FROM jsonb_array_elements(i.group_values) g WHERE g ->> 'name' = {name} LIMIT 1), '')",
    severity_as_sent=(
        _AS_SENT.replace("{word}", "w.severity_as_sent"),
        _AS_SENT.replace("{word}", "w.labels ->> 'severity'"),
    ),
)
"""An incident has no labels: other names are those of its group, as the rule's `group_by` writes them."""
SILENCES = Table("s.starts_at", ("s.comment", "s.created_by", "array_to_string(s.matchers, ', ')"), {}, "''")
"""Narrowed by `search` alone."""
TIMELINE = Table("t.at", (), {}, "''")
"""Narrowed by kinds, actors and times alone."""


def narrow(table: Table, alias: LiteralString, filters: Filters) -> Narrowing:
    """Build what follows a WHERE; its values have names of their own."""
    matchers = [(f"matcher_{place}", matcher) for place, matcher in enumerate(filters.matchers)]
    exact = [(name, matcher) for name, matcher in matchers if matcher.operator in EXACT]
    left_over = [(name, matcher) for name, matcher in matchers if matcher.operator not in EXACT]
    text = _columns(alias, filters) + _times(table, filters) + _search(table, filters)
    for name, matcher in exact:
        text += f" AND {_comparison(table, name, matcher)}"
    values = {
        "statuses": list(filters.statuses),
        "severities": list(filters.severities),
        "severity_ranks": [len(SEVERITIES) - 1 - SEVERITIES.index(severity) for severity in filters.severities],
        "integrations": list(filters.integrations),
        "assignees": list(filters.assignees),
        "kinds": list(filters.kinds),
        "actors": list(filters.actors),
        "search": f"%{filters.search.translate(_LIKE_ESCAPES)}%",
        "since": filters.since,
        "before": filters.before,
        **{f"{name}_name": matcher.name.removeprefix(table.prefix) for name, matcher in matchers},
        **{f"{name}_value": matcher.value for name, matcher in exact},
        **{f"{name}_json": json.dumps({matcher.name.removeprefix(table.prefix): matcher.value}) for name, matcher in exact},
    }
    looked_at: list[LiteralString] = []
    places: list[tuple[int, ...]] = []
    for name, matcher in left_over:
        expressions = _expressions(table, name, matcher)
        places.append(tuple(range(len(looked_at), len(looked_at) + len(expressions))))
        looked_at += expressions
    return Narrowing(text, values, [matcher for _, matcher in left_over], looked_at, places, bool(filters.search))


def _text_of(looked_at: Sequence[str | None]) -> str:
    """Give what a matcher compares: one text, or a severity's words."""
    return looked_at[0] or "" if len(looked_at) == 1 else join_words(*looked_at)


def _columns(alias: LiteralString, filters: Filters) -> LiteralString:
    """Compare columns. What says the same again does so in the words of an index."""
    text: LiteralString = ""
    if filters.statuses:
        text += " AND {alias}.status = ANY (%(statuses)s)"
    if filters.severities:
        text += " AND {alias}.severity = ANY (%(severities)s)"
        text += " AND tocsin.severity_rank({alias}.severity) = ANY (%(severity_ranks)s::smallint[])"
    if filters.integrations:
        text += " AND {alias}.integration = ANY (%(integrations)s)"
    if filters.assignees:
        text += " AND {alias}.assignees && %(assignees)s AND {alias}.assignees <> '{}'"
    if filters.kinds:
        text += " AND {alias}.kind = ANY (%(kinds)s)"
    if filters.actors:
        text += " AND {alias}.actor = ANY (%(actors)s)"
    return text.replace("{alias}", alias)


def _times(table: Table, filters: Filters) -> LiteralString:
    text: LiteralString = ""
    if filters.since is not None:
        text += f" AND {table.started_at} >= %(since)s"
    if filters.before is not None:
        text += f" AND {table.started_at} < %(before)s"
    return text


def _search(table: Table, filters: Filters) -> LiteralString:
    if not filters.search:
        return ""
    return " AND (" + " OR ".join([f"{column} ILIKE %(search)s" for column in table.searched]) + ")"


def _comparison(table: Table, name: LiteralString, matcher: Matcher) -> LiteralString:
    """Compare; where only a text that is there can be equal, in a form that an index helps with."""
    if matcher.name == SEVERITY and table.severity_as_sent:
        return _compare_severity(table, name, matcher)
    if matcher.operator == "=" and matcher.value:
        sought = table.indexed.get(matcher.name) or (table.indexed_other if matcher.name not in table.fields else "")
        if sought:
            return sought.replace("{value}", f"%({name}_value)s").replace("{json}", f"%({name}_json)s::jsonb")
    equals: LiteralString = "=" if matcher.operator == "=" else "<>"
    return f"{_expression(table, name, matcher)} {equals} %({name}_value)s"


def _compare_severity(table: Table, name: LiteralString, matcher: Matcher) -> LiteralString:
    """Compare each of a severity's words; an empty one is none. What excludes is true when no word is equal."""
    words = [table.fields[SEVERITY], *[f"nullif({word}, '')" for word in table.severity_as_sent]]
    equal = " OR ".join([f"{word} = %({name}_value)s" for word in words])
    return f"({equal}) IS {'TRUE' if matcher.operator == '=' else 'NOT TRUE'}"


def _expressions(table: Table, name: LiteralString, matcher: Matcher) -> list[LiteralString]:
    more = table.severity_as_sent if matcher.name == SEVERITY else ()
    return [_expression(table, name, matcher), *more]


def _expression(table: Table, name: LiteralString, matcher: Matcher) -> LiteralString:
    """Give what a matcher compares; what its writer named goes in as a value, never as text."""
    return table.fields.get(matcher.name) or table.other.replace("{name}", f"%({name}_name)s::text")
