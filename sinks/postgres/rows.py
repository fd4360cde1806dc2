"""From a batch of entries to the rows of each table: every entity once, in its last form.

Pure. Not here: SQL (`tables.py`), connections (`sink.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict, astuple

from schemas import records
from schemas.codec import decode_body
from schemas.errors import BrokenChain, MalformedRecord
from sinks.postgres import tables
from sinks.postgres.tables import Table
from sinks.sink import Batch, JournalEntry

Key = tuple[str, int]
ROWS_AT_ONCE = 5_000
"""Twice what a worker gathers: only the rows of a large command take several statements."""


class WholeAlert(records.AlertState, frozen=True, kw_only=True):
    """An alert with what it says."""

    title: str
    description: str | None
    hosts: list[str]
    service: str | None
    environment: str | None
    monitoring_tool: str | None
    query: str | None
    incident_text: str | None
    labels: dict[str, str]
    annotations: dict[str, str]
    links: list[records.Link]


class EventOutcome(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """As `records.EventOutcome`, but what is null is left out."""

    index: int
    outcome: records.OutcomeKind
    alert: int | None = None
    incident: int | None = None
    suppressed_by: records.SuppressedBy | None = None
    reason: str | None = None
    silence: str | None = None


class OutcomeRow(msgspec.Struct, frozen=True, gc=False):
    project: str
    integration: str | None
    receipt: str
    partition: int
    item: int
    total: int
    offset: int
    at: int
    events: list[EventOutcome]
    actor: str | None


def gather_rows(batch: Batch) -> dict[Table, list[Any]]:
    """Give the rows of every table that has any, in the order in which they are to be written."""
    entries = batch.entries
    contents = {(one.project, one.number): one for entry in entries for one in entry.contents}
    alerts = {(one.project, one.number): one for entry in entries for one in entry.alerts}
    rows: dict[Table, list[Any]] = {
        tables.PROJECTS: list({one.project: one for entry in entries for one in entry.projects}.values()),
        tables.WHOLE_ALERTS: [_whole(alerts, content) for content in contents.values()],
        tables.ALERTS: [alert for key, alert in alerts.items() if key not in contents],
        tables.PAYLOADS: list({(one.project, one.number): one for entry in entries for one in entry.payloads}.values()),
        tables.INCIDENTS: list({(one.project, one.number): one for entry in entries for one in entry.incidents}.values()),
        tables.SILENCES: list({(one.project, one.id): one for entry in entries for one in entry.silences}.values()),
        tables.TIMELINE: [one for entry in entries for one in entry.timeline],
        tables.NOTIFICATIONS: [one for entry in entries for one in entry.notifications],
        tables.OUTCOMES: [_outcome(entry, one) for entry in entries for one in entry.outcomes],
    }
    return {table: rows[table] for table in tables.TABLES if rows[table]}


def _whole(alerts: Mapping[Key, records.AlertState], content: records.AlertContent) -> WholeAlert:
    alert = alerts.get((content.project, content.number))
    where = f"alert {content.project}/{content.number}"
    if alert is None:
        raise BrokenChain(f"the journal changes what {where} says without the alert itself")
    try:
        return WholeAlert(*astuple(alert), **asdict(decode_body(content.content, records.Content)))
    except MalformedRecord as error:
        raise BrokenChain(f"what {where} says cannot be read: {error}") from error


def _outcome(entry: JournalEntry, one: records.Outcome) -> OutcomeRow:
    events = [
        EventOutcome(event.index, event.outcome, event.alert, event.incident, event.suppressed_by, event.reason, event.silence)
        for event in one.events
    ]
    return OutcomeRow(
        one.project, one.integration, one.receipt, entry.partition, one.item, one.total, one.offset, one.at, events, one.actor
    )


def encode_rows(rows: Sequence[Any]) -> Iterator[str]:
    """Write rows as the JSON that a table's statement takes, `ROWS_AT_ONCE` in each."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield msgspec.json.encode(rows[start : start + ROWS_AT_ONCE]).decode()


NUL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""An escaped NUL, but not a backslash that is itself escaped and followed by the text u0000."""


def replace_nul(encoded: str) -> str:
    """Put U+FFFD in place of each NUL: JSON and Avro can carry it, PostgreSQL's text cannot. Doors have done so already."""
    previous = None
    while encoded != previous:  # of two side by side, the first match takes the second's place to begin
        previous, encoded = encoded, NUL_IN_JSON.sub("\\1\ufffd", encoded)
    return encoded
