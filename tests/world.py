"""A whole tocsin in memory for tests: inbox, journal, a writer and a reader, on a virtual clock.

Not here: any rule of the product; only logs, and builders of records in few words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

import msgspec

from processors.partition import InboxRecord, PartitionWriter
from schemas import configuration, records
from schemas.chain import Accepted, Follower
from schemas.codec import decode, decode_body, encode, encode_body
from schemas.records import AlertBatch, AlertEvent, Command, Content, Entry, Frame, FrameItem, Refusal, Tick

EPOCH = 1_800_000_000_000
"""The virtual clock's zero, in milliseconds since 1970: a Friday in January 2027."""
PROJECT = "shop"


def millis(seconds: float) -> int:
    return EPOCH + round(seconds * 1000)


def event(index: int = 0, /, **said: Any) -> AlertEvent:
    """Build an alert event from what a test says of it; times in seconds of the virtual clock.

    `resolved: true` ends it; `fingerprint` is hashed as a sender's would be; `payload` is a text; `as_sent` is the sender's
    word for the severity.
    """
    words = dict(said)
    resolved = words.pop("resolved", False)
    fingerprint = words.pop("fingerprint", words.get("title", ""))
    start, end = words.pop("start", None), words.pop("end", None)
    payload = words.pop("payload", None)
    expires, expires_after = words.pop("expires", None), words.pop("expires_after", None)
    severity, as_sent = words.pop("severity", None), words.pop("as_sent", None)
    end_reason, unknown_status = words.pop("end_reason", None), words.pop("unknown_status", None)
    words.setdefault("title", "New: Alert")
    return AlertEvent(
        index=index,
        fingerprint=sha1(fingerprint.encode()).hexdigest() if fingerprint else "",
        identity=str(words.pop("identity", "")).encode(),
        is_firing=not (resolved or end is not None),
        severity=severity,
        started_at=None if start is None else millis(start),
        ended_at=None if end is None else millis(end),
        content=encode_body(msgspec.convert(words, Content)),
        payload=(payload or msgspec.json.encode(said, order="sorted").decode()).encode(),
        expires_at=None if expires is None else millis(expires),
        expires_after_millis=None if expires_after is None else expires_after * 1000,
        severity_as_sent=as_sent,
        end_reason=end_reason,
        unknown_status=unknown_status,
    )


def batch(
    *said: Mapping[str, Any],
    project: str = PROJECT,
    format: str = "generic",
    receipt: str = "r",
    integration: str = "generic",
    received: float | None = None,
    source: str = "",
    total: int | None = None,
) -> AlertBatch:
    """Build one request's alert events; `{refused: reason}` stands for an element that the door refused.

    `received`: when the door had it, in seconds of the virtual clock; `total`: of the whole request, if this is a part.
    """
    events = [event(place, **words) for place, words in enumerate(said) if "refused" not in words]
    refusals = [Refusal(place, words["refused"]) for place, words in enumerate(said) if "refused" in words]
    count, at = len(said) if total is None else total, None if received is None else millis(received)
    return AlertBatch(project, integration, format, "critical", receipt, count, events, refusals, at, source)


def command(words: str, arguments: bytes = b"{}", *, by: str = "ada", id: str = "c", project: str = PROJECT) -> Command:
    """Build a command from what it is called: `acknowledge alert 1`, `create silence`, `ignore alerts`."""
    verb, target, *number = words.split()
    return Command(project, id, by, verb, target.removesuffix("s"), int(number[0]) if number else None, arguments)


def configured(version: int, projects: Mapping[str, Any], components: Iterable[Any] = ()) -> records.Configuration:
    """Build the record with which the clock brings a configuration, durations in milliseconds."""
    made = msgspec.convert({"projects": projects, "components": list(components)}, configuration.PartitionConfiguration)
    return records.Configuration(version, 0, 1, configuration.pack(made))


@dataclass
class ReadModel:
    """What a storing reader has after following the chain: the newest form of all entities, and every item in order."""

    alerts: dict[tuple[str, int], records.AlertState] = field(default_factory=dict)
    contents: dict[tuple[str, int], Content] = field(default_factory=dict)
    payloads: dict[tuple[str, int], bytes] = field(default_factory=dict)
    incidents: dict[tuple[str, int], records.IncidentState] = field(default_factory=dict)
    silences: dict[tuple[str, str], records.SilenceState] = field(default_factory=dict)
    timeline: list[records.TimelineItem] = field(default_factory=list)
    outcomes: list[records.Outcome] = field(default_factory=list)
    notifications: list[records.Notification] = field(default_factory=list)
    forgettings: list[records.Forgetting] = field(default_factory=list)

    def apply(self, parts: Iterable[Entry]) -> None:
        for part in parts:
            for alert in _items(part.alerts, records.AlertSection):
                self.alerts[alert.project, alert.number] = alert
            for content in _items(part.contents, records.ContentSection):
                self.contents[content.project, content.number] = decode_body(content.content, Content)
            for payload in _items(part.payloads, records.PayloadSection):
                self.payloads[payload.project, payload.number] = payload.payload
            for incident in _items(part.incidents, records.IncidentSection):
                self.incidents[incident.project, incident.number] = incident
            for silence in _items(part.silences, records.SilenceSection):
                self.silences[silence.project, silence.id] = silence
            self.timeline += _items(part.timeline, records.TimelineSection)
            self.outcomes += _items(part.outcomes, records.OutcomeSection)
            self.notifications += _items(part.notifications, records.NotificationSection)
            self.forgettings += _items(part.forgettings, records.ForgettingSection)


def _items(section: bytes, kind: type[Any]) -> list[Any]:
    return list(decode(section, kind).items) if section else []


def read_journal(journal: Iterable[bytes]) -> ReadModel:
    """Follow a whole journal from its beginning."""
    model, follower = ReadModel(), Follower()
    for offset, value in enumerate(journal):
        verdict = follower.offer_bytes(offset, value)
        if isinstance(verdict, Accepted):
            model.apply(verdict.parts)
    return model


@dataclass
class World:
    """One partition. Records are appended at a time; a writer takes them when told to."""

    inbox: list[InboxRecord] = field(default_factory=list)
    journal: list[bytes] = field(default_factory=list)
    writer: PartitionWriter = field(default_factory=lambda: recovered_writer([]))
    writers: int = 1

    def append(self, at: float, *items: FrameItem, headers: tuple[tuple[str, bytes], ...] = ()) -> None:
        self.append_bytes(at, encode(Frame(list(items))), headers)

    def append_bytes(self, at: float, value: bytes | None, headers: tuple[tuple[str, bytes], ...] = ()) -> None:
        self.inbox.append(InboxRecord(len(self.inbox), millis(at), value, headers))

    def tick(self, at: float) -> None:
        self.append(at, Tick(millis(at), "clock"))

    def door_tick(self, at: float) -> None:
        self.append(at, Tick(millis(at), "door"))

    def write(self, at_once: bool = True) -> None:
        """Write what has gathered as an entry."""
        parts = self.writer.next_entry(at_once)
        if parts is not None:
            first = len(self.journal)
            self.journal += parts
            assert self.writer.acknowledged(list(range(first, len(self.journal))))

    def run(self, records_per_entry: int = 1) -> ReadModel:
        """Take all that is left of the inbox, writing an entry after every so many records."""
        for count, record in enumerate(self.inbox[self.writer.next_inbox :], 1):
            self.writer.take(record)
            if count % records_per_entry == 0:
                self.write()
        self.write()
        return read_journal(self.journal)

    def restart(self) -> None:
        """Drop the writer, with what it had not written, and recover another from the journal."""
        self.writers += 1
        self.writer = recovered_writer(self.journal, f"writer-{self.writers}")


def recovered_writer(journal: list[bytes], writer_id: str = "writer-1") -> PartitionWriter:
    writer = PartitionWriter(writer_id)
    for offset, value in enumerate(journal):
        writer.restore(offset, value)
    writer.recovered(len(journal))
    return writer
