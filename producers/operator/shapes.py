"""What the API answers, field by field (DESIGN section 4), and how rows become that.

Not here: which rows (`queries.py`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

Row = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NULL = msgspec.Raw(b"null")
S = TypeVar("S", bound=msgspec.Struct)


class Link(msgspec.Struct, frozen=True):
    kind: str
    url: str


class SuppressedBy(msgspec.Struct, frozen=True):
    kind: str
    id: str


class AlertInList(msgspec.Struct, frozen=True, kw_only=True):
    """An alert without what it was made of."""

    project: str
    number: int
    version: int
    title: str
    description: str | None
    severity: str
    status: str
    events: int
    started_at: str
    ended_at: str | None
    first_seen_at: str
    last_seen_at: str
    fingerprint: str
    integration: str
    service: str | None
    monitoring_tool: str | None
    hosts: list[str]
    environment: str | None
    labels: dict[str, str]
    annotations: dict[str, str]
    links: list[Link]
    query: str | None
    incident: int | None
    previous: int | None
    assignees: list[str]
    suppressed_by: SuppressedBy | None
    flapping: bool
    still_sent: bool = False
    """A person resolved it, and its sender goes on."""
    end_reason: str | None = None


class Alert(AlertInList, frozen=True, kw_only=True):
    """One alert, with its payload as it was received."""

    payload: msgspec.Raw


class Firing(msgspec.Struct, frozen=True):
    firing: int
    total: int


class PublicUpdate(msgspec.Struct, frozen=True):
    at: str
    status: str
    text: str


class Publication(msgspec.Struct, frozen=True):
    """What the status page shows of an incident. `follows`: of title, impact and components what no publisher chose;
    `continues_in`: the entry of the page in which its own goes on, since it was merged."""

    title: str
    impact: str
    components: list[str]
    published_at: str
    updates: list[PublicUpdate]
    follows: list[str] = []
    continues_in: str | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    project: str
    number: int
    version: int
    title: str
    description: str
    severity: str
    status: str
    rule: str | None
    group: dict[str, str]
    alerts: Firing
    created_at: str
    acknowledged_at: str | None
    resolved_at: str | None
    author: str
    assignees: list[str]
    zoom: str | None
    links: list[Link]
    confidential: bool
    published: Publication | None
    merged_into: int | None
    sla_missed: bool
    end_reason: str | None = None


class TimelineEntry(msgspec.Struct, frozen=True):
    at: str
    actor: str
    kind: str
    text: str
    details: dict[str, str]


class AlertTimelineEntry(TimelineEntry, frozen=True):
    """An entry about an alert, and the incident it was in then."""

    incident: int | None


class Silence(msgspec.Struct, frozen=True):
    """`state` is pending, active or expired; `muted_7d` the alerts of 7 days that it would have muted when it was made."""

    id: str
    matchers: list[str]
    starts_at: str
    ends_at: str
    comment: str
    created_by: str
    state: str
    muted_7d: int


class MutedCount(msgspec.Struct, frozen=True):
    """Alerts of the last 7 days that a silence would have muted; null: there are too many to count them in time."""

    muted_7d: int | None
    warnings: list[str] | msgspec.UnsetType = msgspec.UNSET
    """Matchers that can match nothing, or exclude nothing."""


class AlertCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many alerts there are of each status; `more_than` names those of which there are more, where not all were counted."""

    triggered: int = 0
    acknowledged: int = 0
    resolved: int = 0
    ignored: int = 0
    more_than: list[str] | msgspec.UnsetType = msgspec.UNSET


class Project(msgspec.Struct, frozen=True):
    """A project that one may see, and as what."""

    project: str
    title: str
    role: str


class Page(msgspec.Struct, frozen=True):
    """A part of a list; `next` goes into `?cursor=` for the following part."""

    items: list[Any]
    next: str | None = None
    warnings: list[str] | msgspec.UnsetType = msgspec.UNSET
    """Filters that can match nothing, or exclude nothing."""


def alert_in_list(row: Row) -> AlertInList:
    return msgspec.convert(_alert_fields(row), AlertInList)


def alert(row: Row) -> Alert:
    return msgspec.convert({**_alert_fields(row), "payload": embed_json(row["payload"])}, Alert)


def alert_counts(rows: Iterable[Row]) -> AlertCounts:
    """Add up counts, of which a status may have many."""
    counts: Counter[str] = Counter()
    more = []
    for row in rows:
        counts[row["status"]] += row["count"]
        if row.get("is_more"):
            more.append(row["status"])
    return msgspec.convert({**counts, **({"more_than": more} if more else {})}, AlertCounts)


def incident(row: Row) -> Incident:
    fields = {
        **row,
        "group": {value["name"]: value["value"] for value in row["group_values"]},
        "alerts": {"firing": row["firing"], "total": row["total"]},
        "confidential": row["is_confidential"],
        "sla_missed": row["is_sla_missed"],
        "published": _publication(row["published"]),
    }
    return msgspec.convert(_with_texts(fields, "created_at", "acknowledged_at", "resolved_at"), Incident)


def silence(row: Row) -> Silence:
    return msgspec.convert(_with_texts(row, "starts_at", "ends_at"), Silence)


def timeline_entry(row: Row) -> TimelineEntry:
    return msgspec.convert(_with_texts(row, "at"), TimelineEntry)


def alert_timeline_entry(row: Row) -> AlertTimelineEntry:
    return msgspec.convert(_with_texts(row, "at"), AlertTimelineEntry)


def embed_json(payload: bytes | None) -> msgspec.Raw:
    """Take JSON into an answer byte for byte; what is none becomes a text, so that the answer stays JSON."""
    if not payload:
        return _NULL
    try:
        # Not by msgspec: that refuses half characters written as escapes, which senders may send.
        json.loads(payload.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return msgspec.Raw(msgspec.json.encode(payload.decode("utf-8", "replace")))
    return msgspec.Raw(payload)


def _refuse(word: str) -> None:
    """Refuse `NaN` and the infinities, which Python reads and JSON has not."""
    raise ValueError(word)


def time_text(at: datetime) -> str:
    """Write a time in UTC with milliseconds and zone."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _alert_fields(row: Row) -> dict[str, Any]:
    kind, by = row["suppressed_by_kind"], row["suppressed_by_id"]
    fields = {
        **row,
        "flapping": row["is_flapping"],
        "still_sent": row["is_still_sent"],
        "suppressed_by": None if kind is None else {"kind": kind, "id": by or ""},
    }
    return _with_texts(fields, "started_at", "ended_at", "first_seen_at", "last_seen_at")


def _publication(published: Row | None) -> dict[str, Any] | None:
    if published is None:
        return None
    updates = [{**update, "at": _millis_text(update["at"])} for update in published["updates"]]
    return {**published, "published_at": _millis_text(published["published_at"]), "updates": updates}


def _millis_text(millis: int) -> str:
    return time_text(_EPOCH + timedelta(milliseconds=millis))


def _with_texts(row: Row, *times: str) -> dict[str, Any]:
    return {**row, **{name: None if row[name] is None else time_text(row[name]) for name in times}}
