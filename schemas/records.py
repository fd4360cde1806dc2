"""The records on our own topics, field by field as in `avro/*.avsc` (which say what each means).

Times are whole milliseconds since 1970, UTC. Not here: how they become bytes (`codec.py`).
Over 300 lines because one list of all records reads better than five half ones.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["critical", "high", "medium", "low", "info", "unknown"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info", "unknown")
"""Worst first."""
AlertStatus = Literal["triggered", "acknowledged", "resolved", "ignored"]
IncidentStatus = Literal["triggered", "acknowledged", "resolved"]
ResolvedBy = Literal["recovery", "timeout", "person"]
OutcomeKind = Literal["created", "merged", "recovered", "unmatched", "stale", "rejected", "done", "refused"]
NotificationKind = Literal["opened", "severity_raised", "acknowledged", "reassigned", "resolved", "reopened", "reminder"]
TickSource = Literal["clock", "door", "opening"]
ALERT_BOT = "alert-bot"
"""The actor of everything that no person did."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """What all records share: immutable, compared by value."""


class SuppressedBy(Record, frozen=True):
    kind: str
    id: str


# -- topic inbox: frame.avsc and content.avsc ---------------------------------


class AlertEvent(Record, frozen=True):
    index: int
    fingerprint: str
    identity: bytes
    is_firing: bool
    severity: Severity | None
    started_at: int | None
    ended_at: int | None
    content: bytes
    payload: bytes
    expires_at: int | None = None
    expires_after_millis: int | None = None
    severity_as_sent: str | None = None
    end_reason: str | None = None
    unknown_status: str | None = None


class Refusal(Record, frozen=True):
    index: int
    reason: str


class Complaint(Record, frozen=True):
    kind: str
    count: int
    text: str


class AlertBatch(Record, frozen=True):
    project: str
    integration: str
    format: str
    default_severity: Severity
    receipt: str
    total: int
    events: list[AlertEvent]
    refusals: list[Refusal] = []
    received_at: int | None = None
    source: str = ""
    complaints: list[Complaint] = []


class Command(Record, frozen=True):
    project: str
    command_id: str
    actor: str
    verb: str
    target: str
    number: int | None
    arguments: bytes


class Tick(Record, frozen=True):
    at: int
    source: TickSource


class Configuration(Record, frozen=True):
    version: int
    part: int
    parts: int
    content: bytes


FrameItem = AlertBatch | Command | Tick | Configuration


class Frame(Record, frozen=True):
    items: list[FrameItem]


class Link(Record, frozen=True):
    kind: str
    url: str


class Content(Record, frozen=True):
    title: str
    description: str | None = None
    hosts: list[str] = []
    service: str | None = None
    environment: str | None = None
    monitoring_tool: str | None = None
    query: str | None = None
    incident_text: str | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    links: list[Link] = []


# -- topic journal: entry.avsc and its sections -------------------------------


class Entry(Record, frozen=True):
    writer: str
    core: str
    base: int
    first_offset: int
    next_offset: int
    part: int = 0
    parts: int = 1
    alerts: bytes = b""
    contents: bytes = b""
    payloads: bytes = b""
    incidents: bytes = b""
    silences: bytes = b""
    projects: bytes = b""
    timeline: bytes = b""
    outcomes: bytes = b""
    notifications: bytes = b""
    forgettings: bytes = b""
    commands: bytes = b""
    partition: bytes = b""


class Sender(Record, frozen=True):
    source: str
    started_at: int | None
    said_at: int
    expires_at: int
    is_shared: bool = False


class AlertState(Record, frozen=True):
    project: str
    number: int
    version: int
    offset: int
    index: int
    fingerprint: str
    identity: bytes
    integration: str
    severity: Severity
    status: AlertStatus
    events: int
    started_at: int
    ended_at: int | None
    first_seen_at: int
    last_seen_at: int
    resolved_at: int | None
    resolved_by: ResolvedBy | None
    incident: int | None
    waiting_group: str | None
    previous: int | None
    suppressed_by: SuppressedBy | None
    assignees: list[str]
    is_flapping: bool
    changes: list[int]
    content_hash: bytes
    payload_hash: bytes
    expires_at: int | None
    worst_severity: Severity = "unknown"
    is_held_out: bool = False
    steady_at: int | None = None
    forget_at: int | None = None
    timeline_count: int = 0
    received_at: int | None = None
    senders: list[Sender] = []
    hold_until: int | None = None
    resolver: str = ""
    severity_as_sent: str | None = None
    end_reason: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status != "resolved"

    @property
    def counts_as_firing(self) -> bool:
        """Whether it keeps its incident open: ignored alerts do not."""
        return self.status in ("triggered", "acknowledged")


class AlertContent(Record, frozen=True):
    project: str
    number: int
    content: bytes


class AlertPayload(Record, frozen=True):
    project: str
    number: int
    payload: bytes


class GroupValue(Record, frozen=True):
    name: str
    value: str


class PublicUpdate(Record, frozen=True):
    at: int
    status: str
    text: str


class Publication(Record, frozen=True):
    title: str
    impact: str
    components: list[str]
    published_at: int
    updates: list[PublicUpdate]
    follows: list[str] = []
    continues_in: str | None = None


class Reminder(Record, frozen=True):
    receiver: str
    every_millis: int
    at: int


class IncidentState(Record, frozen=True, kw_only=True):
    project: str
    number: int
    version: int
    offset: int
    index: int
    title: str
    description: str
    severity: Severity
    status: IncidentStatus
    rule: str | None
    group: list[GroupValue]
    firing: int
    total: int
    created_at: int
    acknowledged_at: int | None = None
    resolved_at: int | None = None
    resolve_at: int | None = None
    remind_at: int | None = None
    publish_at: int | None = None
    sla_at: int | None = None
    forget_alerts_at: int | None = None
    forget_at: int | None = None
    first_alert: int | None = None
    components: list[str] = []
    service: str | None = None
    runbook: str | None = None
    author: str
    assignees: list[str] = []
    zoom: str | None = None
    links: list[Link] = []
    is_confidential: bool = False
    merged_into: int | None = None
    is_sla_missed: bool = False
    published: Publication | None = None
    told: list[str] = []
    told_severity: Severity = "unknown"
    reminders: list[Reminder] = []
    timeline_count: int = 0
    notification_count: int = 0
    resolver: str = ""
    is_told_resolved: bool = False
    page_entry: str | None = None
    end_reason: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status != "resolved"

    @property
    def is_withheld(self) -> bool:
        """Whether people took it off the status page, or keep it from there: no rule publishes it."""
        return self.published is None and bool(self.page_entry)


class SilenceState(Record, frozen=True):
    project: str
    id: str
    version: int
    offset: int
    index: int
    matchers: list[str]
    starts_at: int
    ends_at: int
    comment: str
    created_by: str
    muted_7d: int


class Heartbeat(Record, frozen=True):
    integration: str
    heard_at: int


class Noted(Record, frozen=True):
    integration: str
    kind: str
    count: int
    since: int
    at: int
    text: str
    quiet_until: int
    is_unsaid: bool = True


class ProjectState(Record, frozen=True):
    project: str
    version: int
    alerts: int
    incidents: int
    silences: int = 0
    heartbeats: list[Heartbeat] = []
    noted: list[Noted] = []
    fired: list[str] = []


class TimelineItem(Record, frozen=True):
    project: str
    incident: int | None
    alert: int | None
    number: int
    at: int
    actor: str
    kind: str
    text: str
    details: dict[str, str]
    offset: int
    index: int


class EventOutcome(Record, frozen=True):
    index: int
    outcome: OutcomeKind
    alert: int | None = None
    incident: int | None = None
    suppressed_by: SuppressedBy | None = None
    reason: str | None = None
    silence: str | None = None


class Outcome(Record, frozen=True):
    project: str
    integration: str | None
    offset: int
    item: int
    at: int
    receipt: str
    total: int
    events: list[EventOutcome]
    actor: str | None = None


class Notification(Record, frozen=True):
    project: str
    incident: int
    number: int
    kind: NotificationKind
    receiver: str
    at: int
    severity: str
    status: str
    actor: str
    offset: int
    index: int


class Forgetting(Record, frozen=True):
    project: str
    kind: Literal["alert", "incident", "silence"]
    id: str
    fingerprint: str = ""
    identity: bytes = b""
    known_until: int | None = None


class CommandState(Record, frozen=True):
    project: str
    actor: str
    command_id: str
    digest: bytes
    at: int
    events: list[EventOutcome]


class SourceOffset(Record, frozen=True):
    topic: str
    partition: int
    next_offset: int


class PartitionState(Record, frozen=True):
    now: int
    ticked_at: int
    door_tick_at: int | None
    put_off_millis: int
    configuration_version: int
    configuration: bytes | None
    pending_version: int
    pending_parts: list[bytes]
    sources: list[SourceOffset]


class AlertSection(Record, frozen=True):
    items: list[AlertState]


class ContentSection(Record, frozen=True):
    items: list[AlertContent]


class PayloadSection(Record, frozen=True):
    items: list[AlertPayload]


class IncidentSection(Record, frozen=True):
    items: list[IncidentState]


class SilenceSection(Record, frozen=True):
    items: list[SilenceState]


class ProjectSection(Record, frozen=True):
    items: list[ProjectState]


class TimelineSection(Record, frozen=True):
    items: list[TimelineItem]


class OutcomeSection(Record, frozen=True):
    items: list[Outcome]


class NotificationSection(Record, frozen=True):
    items: list[Notification]


class ForgettingSection(Record, frozen=True):
    items: list[Forgetting]


class CommandSection(Record, frozen=True):
    items: list[CommandState]
