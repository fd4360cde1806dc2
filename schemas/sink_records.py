"""The records of topics that sinks write: slack-threads, published, receivers, dead-letters; fields as in `avro/*.avsc`."""

from __future__ import annotations

import msgspec

from schemas.records import Notification, Publication, Record


class SlackThread(Record, frozen=True, kw_only=True):
    project: str
    incident: int
    channel: str
    delivery_id: str
    intended_at: int
    channel_id: str = ""
    ts: str = ""
    incident_state: bytes = b""
    shown_version: int = 0
    shown_hash: bytes = b""
    told: int = 0
    pending: list[Notification] = msgspec.field(default_factory=list)
    digest: str = ""


class SlackDigest(Record, frozen=True, kw_only=True):
    channel: str
    project: str
    delivery_id: str
    intended_at: int
    channel_id: str = ""
    ts: str = ""
    shown_hash: bytes = b""


class ReceiverTrouble(Record, frozen=True):
    sink: str
    place: str
    receivers: list[str]
    error: str
    advice: str
    since: int
    waiting: int = 0


class PublishedIncident(Record, frozen=True):
    project: str
    number: int
    version: int
    publication: Publication | None = None
    entry: str = ""
    offset: int = -1


class DeadLetter(Record, frozen=True):
    origin_topic: str
    origin_partition: int
    origin_offset: int
    written_by: str
    reason: str
    at: int
    original: bytes
