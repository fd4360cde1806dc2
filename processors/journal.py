"""From decisions to journal entries and back: gathering, sealing in parts, restoring the state.

Pure. Not here: when an entry is sealed and whether it counts (`partition.py`, `schemas/chain.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from processors.core.commands.remembered import forget_old_commands
from processors.core.decisions import Decisions, Key
from processors.core.state import State
from processors.core.step import VERSION
from schemas import records
from schemas.codec import decode, encode
from schemas.records import Entry

MAX_PART_BYTES = 900 * 1024
"""Source: DESIGN section 1; well under the topic's max.message.bytes."""
ITEM_BYTES = 200
"""Of an alert or timeline item, content apart: 152 of an alert a person resolved, and room. Too low costs a second try."""

SECTIONS: dict[str, type[records.Record]] = {
    "alerts": records.AlertSection,
    "contents": records.ContentSection,
    "payloads": records.PayloadSection,
    "incidents": records.IncidentSection,
    "silences": records.SilenceSection,
    "projects": records.ProjectSection,
    "timeline": records.TimelineSection,
    "outcomes": records.OutcomeSection,
    "notifications": records.NotificationSection,
    "forgettings": records.ForgettingSection,
    "commands": records.CommandSection,
}


@dataclass(slots=True)
class Gathering:
    """The decisions of a range of inbox records, each entity once and in its last form."""

    first_offset: int
    next_offset: int
    alerts: dict[Key, records.AlertState] = field(default_factory=dict)
    contents: dict[Key, bytes] = field(default_factory=dict)
    payloads: dict[Key, bytes] = field(default_factory=dict)
    incidents: dict[Key, records.IncidentState] = field(default_factory=dict)
    silences: dict[tuple[str, str], records.SilenceState] = field(default_factory=dict)
    projects: dict[str, records.ProjectState] = field(default_factory=dict)
    timeline: list[records.TimelineItem] = field(default_factory=list)
    outcomes: list[records.Outcome] = field(default_factory=list)
    notifications: list[records.Notification] = field(default_factory=list)
    forgettings: list[records.Forgetting] = field(default_factory=list)
    commands: list[records.CommandState] = field(default_factory=list)
    is_configuration_changed: bool = False
    event_count: int = 0
    is_worth_writing: bool = False

    def add(self, decisions: Decisions) -> None:
        """Take the decisions about the next inbox record."""
        for name in ("alerts", "contents", "payloads", "incidents", "silences", "projects"):
            getattr(self, name).update(getattr(decisions, name))
        for name in ("timeline", "outcomes", "notifications", "forgettings", "commands"):
            getattr(self, name).extend(getattr(decisions, name))
        self.is_configuration_changed |= decisions.is_configuration_changed
        self.is_worth_writing |= not decisions.is_empty
        self.event_count += sum(len(outcome.events) for outcome in decisions.outcomes)
        self.next_offset = decisions.offset + 1

    def guess_bytes(self) -> int:
        """Guess how large it will be as an entry, without writing it."""
        bodies = sum(map(len, self.contents.values())) + sum(map(len, self.payloads.values()))
        return bodies + ITEM_BYTES * (len(self.alerts) + len(self.timeline))

    def items(self) -> dict[str, list[Any]]:
        """Give the items of every section, in the order of decision."""
        return {
            "alerts": list(self.alerts.values()),
            "contents": [records.AlertContent(*key, content) for key, content in self.contents.items()],
            "payloads": [records.AlertPayload(*key, payload) for key, payload in self.payloads.items()],
            "incidents": list(self.incidents.values()),
            "silences": list(self.silences.values()),
            "projects": list(self.projects.values()),
            "timeline": self.timeline,
            "outcomes": self.outcomes,
            "notifications": self.notifications,
            "forgettings": self.forgettings,
            "commands": self.commands,
        }


def seal(gathering: Gathering, partition: bytes, writer: str, base: int) -> list[bytes]:
    """Write a gathering as the parts of one entry, in the order in which they must be sent.

    `partition` is the `PartitionState`, encoded as it was when the gathering ended. One part as a rule; as many as it
    takes to stay under `MAX_PART_BYTES` each, but a single item that is larger stays whole. The first try is a guess:
    each try that comes out too large is paid for in full.
    """
    items = gathering.items()
    longest = max((len(entries) for entries in items.values()), default=0)
    parts = max(1, min(longest, gathering.guess_bytes() // MAX_PART_BYTES + 1))
    while True:
        encoded: list[bytes] = []
        for part in range(parts):
            chunk = {name: _chunk(entries, part, parts) for name, entries in items.items()}
            entry = Entry(
                writer, VERSION, base, gathering.first_offset, gathering.next_offset, part, parts,
                partition=partition if part == 0 else b"", **_encode_sections(chunk),
            )  # fmt: skip
            encoded.append(encode(entry))
        if parts >= longest or max(map(len, encoded)) <= MAX_PART_BYTES:
            return encoded
        parts = min(longest, max(parts * 2, sum(map(len, encoded)) // (MAX_PART_BYTES * 3 // 4) + 1))


def _chunk(entries: Sequence[Any], part: int, parts: int) -> Sequence[Any]:
    return entries[len(entries) * part // parts : len(entries) * (part + 1) // parts]


def _encode_sections(chunk: dict[str, Sequence[Any]]) -> dict[str, bytes]:
    return {name: encode(SECTIONS[name](list(entries))) for name, entries in chunk.items() if entries}


def restore(state: State, parts: Sequence[Entry]) -> None:
    """Bring a state to where an accepted entry leaves it; entries in the order of the chain.

    Raises `MalformedRecord` for a section that this version cannot read.
    """
    state.begin(-1)
    for entry in parts:
        for alert in _read(entry.alerts, records.AlertSection):
            state.put_alert(alert)
        for content in _read(entry.contents, records.ContentSection):
            state.put_content((content.project, content.number), content.content)
        for incident in _read(entry.incidents, records.IncidentSection):
            state.put_incident(incident)
        for silence in _read(entry.silences, records.SilenceSection):
            state.put_silence(silence)
        for command in _read(entry.commands, records.CommandSection):
            state.put_command(command)
        for project in _read(entry.projects, records.ProjectSection):
            state.put_project(project)
    for entry in parts:  # what is forgotten may have changed in a later part
        for forgetting in _read(entry.forgettings, records.ForgettingSection):
            state.forget(forgetting)
        if entry.partition:
            state.restore_partition(decode(entry.partition, records.PartitionState))
    state.drop_what_is_no_longer_known()
    forget_old_commands(state)
    state.mutes.unsettled.clear()  # what had to be looked at again was, before the entry was sealed
    state.begin(-1)


def _read(section: bytes, kind: type[Any]) -> Sequence[Any]:
    return decode(section, kind).items if section else ()
