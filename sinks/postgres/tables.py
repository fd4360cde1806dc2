"""The tables as the sink writes them: which columns, from which field of a record, and the one statement for each.

A statement takes the rows of a whole batch as one JSON text. Measured against COPY into a temporary table and merge
(psycopg 3.3, PostgreSQL 15, client and server together): the same 12 µs a row at 500 rows and more, 20 instead of
20 at 64, 230 instead of 540 for a single row; executemany took 44, 34 and 320. Not here: how records become rows
(`rows.py`), the tables' definition (`migrations/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "bigint", "integer", "boolean", "text[]", "bigint[]", "jsonb", "time", "bytes"]
"""PostgreSQL's types; but `time` comes as milliseconds and `bytes` as base64."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `field` is the record's name for it, where that is another; `member`: of an object in that field."""

    name: str
    kind: Kind
    field: str = ""
    member: str = ""

    @property
    def source(self) -> str:
        return f'"{self.field or self.name}"'

    @property
    def definition(self) -> str:
        """How the column stands in the JSON."""
        kind = {"time": "bigint", "bytes": "text"}.get(self.kind, self.kind)
        return f"{self.source} {'jsonb' if self.member else kind}"

    @property
    def value(self) -> str:
        if self.member:
            return f"s.{self.source} ->> '{self.member}'"
        match self.kind:
            case "time":
                return f"tocsin.at(s.{self.source})"
            case "bytes":
                return f"decode(s.{self.source}, 'base64')"
        return f"s.{self.source}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or some of its columns, as one batch writes it.

    With a `key`, rows replace what is there: the newer `version` wins; without `version` in the columns, the last
    writer does. Without a key rows are only ever added, and one that is there already is an error.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    def statement(self) -> str:
        """Build the statement; its one parameter is a JSON array of objects."""
        definitions = dict.fromkeys(column.definition for column in self.columns)
        return (
            f"INSERT INTO tocsin.{self.name} AS t ({', '.join(column.name for column in self.columns)}) "
            f"SELECT {', '.join(column.value for column in self.columns)} "
            f"FROM json_to_recordset(%s::json) AS s ({', '.join(definitions)})"
        ) + (self._on_conflict() if self.key else "")

    def _on_conflict(self) -> str:
        rest = [column.name for column in self.columns if column.name not in self.key]
        changes = ", ".join(f"{name} = excluded.{name}" for name in rest)
        guard = " WHERE excluded.version > t.version" if "version" in rest else ""
        return f" ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {changes}{guard}"


def columns(kind: Kind, names: str) -> tuple[Column, ...]:
    """Declare columns of one kind that are named like the record's fields."""
    return tuple(Column(name, kind) for name in names.split())


CAUSE = (Column("inbox_offset", "bigint", "offset"), Column("inbox_index", "integer", "index"))
SCALARS = (
    *columns("text", "project"),
    *columns("bigint", "number version events incident previous expires_at timeline_count"),
    *CAUSE,
    *columns("time", "started_at ended_at first_seen_at last_seen_at resolved_at received_at hold_until steady_at forget_at"),
    *columns("boolean", "is_flapping is_held_out"),
    *columns(
        "text",
        "severity severity_as_sent worst_severity status resolved_by resolver integration fingerprint waiting_group end_reason",
    ),
    *columns("bytes", "identity content_hash payload_hash"),
    Column("suppressed_by_kind", "text", "suppressed_by", "kind"),
    Column("suppressed_by_id", "text", "suppressed_by", "id"),
    *columns("text[]", "assignees"),
    *columns("bigint[]", "changes"),
    *columns("jsonb", "senders"),
)
CONTENT = (
    *columns("text", "title description service environment monitoring_tool query incident_text"),
    *columns("text[]", "hosts"),
    *columns("jsonb", "labels annotations links"),
)
BY_NUMBER = ("project", "number")

PROJECTS = Table("projects", (*columns("text", "project"), *columns("bigint", "version alerts incidents silences")), ("project",))
ALERTS = Table("alerts", SCALARS, BY_NUMBER)
"""Alerts that say what they said: what they say is not written again."""
WHOLE_ALERTS = Table("alerts", SCALARS + CONTENT, BY_NUMBER)
PAYLOADS = Table("payloads", (*columns("text", "project"), *columns("bigint", "number"), *columns("bytes", "payload")), BY_NUMBER)
INCIDENTS = Table(
    "incidents",
    (
        *columns(
            "text",
            "project title description severity status rule service runbook author resolver zoom told_severity end_reason",
        ),
        *columns("text", "page_entry"),
        *columns("bigint", "number version firing total first_alert merged_into timeline_count notification_count"),
        *CAUSE,
        *columns(
            "time", "created_at acknowledged_at resolved_at resolve_at remind_at publish_at sla_at forget_alerts_at forget_at"
        ),
        *columns("boolean", "is_confidential is_sla_missed is_told_resolved"),
        *columns("text[]", "components assignees told"),
        Column("group_values", "jsonb", "group"),
        *columns("jsonb", "links published reminders"),
    ),
    BY_NUMBER,
)
SILENCES = Table(
    "silences",
    (
        *columns("text", "project id comment created_by"),
        *columns("bigint", "version muted_7d"),
        *CAUSE,
        *columns("text[]", "matchers"),
        *columns("time", "starts_at ends_at"),
    ),
    ("project", "id"),
)
TIMELINE = Table(
    "timeline",
    (
        *columns("text", "project actor kind text"),
        *columns("bigint", "incident alert number"),
        *columns("time", "at"),
        *columns("jsonb", "details"),
        *CAUSE,
    ),
)
NOTIFICATIONS = Table(
    "notifications",
    (
        *columns("text", "project kind receiver severity status actor"),
        *columns("bigint", "incident number"),
        *columns("time", "at"),
        *CAUSE,
    ),
)
OUTCOMES = Table(
    "outcomes",
    (
        *columns("text", "project integration receipt actor"),
        *columns("integer", "partition item total"),
        Column("inbox_offset", "bigint", "offset"),
        *columns("time", "at"),
        *columns("jsonb", "events"),
    ),
)
TABLES = (PROJECTS, WHOLE_ALERTS, ALERTS, PAYLOADS, INCIDENTS, SILENCES, TIMELINE, NOTIFICATIONS, OUTCOMES)
"""In the order in which a batch writes them."""
