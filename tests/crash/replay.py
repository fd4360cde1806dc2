"""History once more, in one thread: the inbox through the core, along the chain that all readers agreed on.

Not here: what PostgreSQL holds (`audit.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from processors.core.decisions import Decisions
from processors.core.state import State
from processors.core.step import process_record
from processors.partition import InboxRecord
from schemas import records
from schemas.chain import Accepted, Follower, Void
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import INBOX, JOURNAL, Topic
from tests.crash import other_core


@dataclass
class History:
    """What the replay ended with, over all partitions, and how the journal came to it."""

    alerts: dict[tuple[str, int], records.AlertState] = field(default_factory=dict)
    contents: dict[tuple[str, int], bytes] = field(default_factory=dict)
    payloads: dict[tuple[str, int], bytes] = field(default_factory=dict)
    incidents: dict[tuple[str, int], records.IncidentState] = field(default_factory=dict)
    silences: dict[tuple[str, str], records.SilenceState] = field(default_factory=dict)
    timeline: list[records.TimelineItem] = field(default_factory=list)
    notifications: list[records.Notification] = field(default_factory=list)
    outcomes: dict[tuple[int, int, int], records.Outcome] = field(default_factory=dict)
    entries: int = 0
    void: int = 0
    parts: int = 0
    writers: set[str] = field(default_factory=set)
    cores: set[str] = field(default_factory=set)

    def add(self, partition: int, decisions: Decisions) -> None:
        self.payloads |= decisions.payloads
        self.timeline += decisions.timeline
        self.notifications += decisions.notifications
        for outcome in decisions.outcomes:
            self.outcomes[partition, outcome.offset, outcome.item] = outcome


def read_topic(settings: Settings, topic: Topic, partition: int) -> list[InboxRecord]:
    """Read a partition from its beginning to its end as it is now."""
    consumer = KafkaConsumer(**client_options(settings), enable_auto_commit=False, group_id=None)
    where = TopicPartition(topic.full_name(settings.topic_prefix), partition)
    try:
        consumer.assign([where])
        consumer.seek_to_beginning(where)
        end = consumer.end_offsets([where])[where]
        found: list[InboxRecord] = []
        while consumer.position(where) < end:
            polled = consumer.poll(timeout_ms=500, max_records=5000).get(where, ())
            found += [InboxRecord(record.offset, record.timestamp, record.value, record.headers) for record in polled]
        return found
    finally:
        consumer.close()


def replay(settings: Settings, positions: dict[int, tuple[int, int]]) -> History:
    """Decide anew about all that the read model covers: `positions` are its journal offset and next inbox offset."""
    history = History()
    for partition, (journal_offset, next_inbox) in sorted(positions.items()):
        inbox = {record.offset: record for record in read_topic(settings, INBOX, partition)}
        state, follower = State(), Follower()
        for record in read_topic(settings, JOURNAL, partition):
            if record.offset > journal_offset:
                break
            verdict = follower.offer_bytes(record.offset, record.value)
            history.void += isinstance(verdict, Void)
            if isinstance(verdict, Accepted):
                _replay_entry(history, state, partition, inbox, verdict.parts)
        assert (follower.position.offset, follower.position.next_inbox) == (journal_offset, next_inbox), (
            f"partition {partition}: the chain is at {follower.position}, PostgreSQL at {positions[partition]}"
        )
        history.alerts |= state.alerts
        history.contents |= state.contents
        history.incidents |= state.incidents
        history.silences |= state.silences
    return history


def _replay_entry(
    history: History, state: State, partition: int, inbox: dict[int, InboxRecord], parts: tuple[records.Entry, ...]
) -> None:
    first: Any = parts[0]
    history.entries += 1
    history.parts += len(parts)
    history.writers.add(first.writer)
    history.cores.add(first.core)
    decide = other_core.process_record if first.core == other_core.VERSION else process_record
    for offset in range(first.first_offset, first.next_offset):
        record = inbox[offset]
        history.add(partition, decide(state, record.offset, record.timestamp, record.value, record.headers))
