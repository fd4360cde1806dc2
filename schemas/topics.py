"""Every topic, declared once: key, value, partitions, retention, who writes it and who reads it.

ACLs and `tocsin topics create` are generated from here. Not here: connections.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

VERSION_SUFFIX = ".v1"
DAY_MILLIS = 86_400_000
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Above the largest frame or part (512 KiB and 900 KiB), with room for one record that alone exceeds them."""
EVERY_TOPIC = {
    "max.message.bytes": str(MAX_MESSAGE_BYTES),
    "retention.bytes": "-1",
    "unclean.leader.election.enable": "false",
    "compression.type": "producer",
}
"""Written out though Kafka's own defaults are the same but for the first: a cluster's defaults may differ. With another
`compression.type` the broker would compress anew what we wrote, at each record's cost."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; `partitions` None means as many as the inbox has."""

    name: str
    key: str
    value: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    cleanup: Literal["delete", "compact"] = "delete"
    retention_days: int | None = None
    partitions: int | None = None
    settings: dict[str, str] = field(default_factory=dict)

    def full_name(self, prefix: str) -> str:
        return f"{prefix}{self.name}{VERSION_SUFFIX}"

    def kafka_settings(self, min_insync_replicas: int) -> dict[str, str]:
        """Give the topic's settings as Kafka names them."""
        settings = {
            **EVERY_TOPIC,
            "cleanup.policy": self.cleanup,
            "min.insync.replicas": str(min_insync_replicas),
            **self.settings,
        }
        if self.retention_days is not None:
            settings["retention.ms"] = str(self.retention_days * DAY_MILLIS)
        return settings


INBOX = Topic(
    "inbox",
    "none; the partition is murmur2(project) mod count",
    "Frame",
    writers=("webhook", "operator", "intake", "clock", "topics", "slack", "deadletters"),
    readers=("worker", "ledger", "topics"),
    retention_days=30,
    settings={"message.timestamp.type": "LogAppendTime"},
)
JOURNAL = Topic(
    "journal",
    "none; the partition is the inbox's",
    "Entry",
    writers=("worker",),
    readers=("worker", "postgres", "slack", "statuspage", "mail", "topics", "ledger", "deadletters"),
    retention_days=30,
)
CORE_STATE = Topic(
    "core-state", "project/kind/number, or _position", "entities in full", ("topics",), ("worker", "postgres"), "compact"
)
CONFIG = Topic(
    "config",
    "current",
    "the whole configuration, zlib-compressed JSON",
    ("config",),
    ("webhook", "operator", "intake", "clock", "slack", "statuspage", "deadletters"),
    "compact",
    partitions=1,
)
PUBLISHED = Topic(
    "published", "incident/…, day/…", "what the status page may show", ("statuspage",), ("statuspage",), "compact", partitions=1
)
SLACK_THREADS = Topic(
    "slack-threads",
    "project/number/channel, or _digest/…",
    "channel, ts, last version shown, intent",
    ("slack",),
    ("slack",),
    "compact",
)
RECEIVERS = Topic(
    "receivers", "sink/place", "receivers that cannot be told anything, why, since when", ("slack",), ("slack",), "compact"
)
LEDGER = Topic("ledger", "partition", "what was received and what became of it, by project", ("ledger",), ("ledger",), "compact")
DEAD_LETTERS = Topic(
    "dead-letters",
    "origin topic",
    "original bytes, origin, reason, when",
    ("intake", "topics", "slack", "mail", "deadletters"),
    ("deadletters",),
    retention_days=90,
)
SCHEMAS = Topic("schemas", "fingerprint", "the schema's text", ("topics",), ("everyone",), "compact", partitions=1)

TOPICS = (INBOX, JOURNAL, CORE_STATE, CONFIG, PUBLISHED, SLACK_THREADS, RECEIVERS, LEDGER, DEAD_LETTERS, SCHEMAS)
EVENTS_HEADER = "events"
"""Header of an inbox record: JSON object, alert events by project, refusals included."""
MOST_EVENTS = 1_000_000
"""Of one project; a header that names more is not believed."""


def read_events_header(headers: Iterable[tuple[str, bytes]]) -> dict[str, int]:
    """Read how many alert events a record holds, by project; nothing where there is no such header or it is no such object."""
    text = next((value for name, value in headers if name == EVENTS_HEADER), b"{}")
    try:
        counts = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(counts, dict):
        return {}
    return {name: count for name, count in counts.items() if isinstance(count, int) and 0 < count <= MOST_EVENTS}


def partition_of(project: str, count: int) -> int:
    """Give the partition of a project, as Kafka's own default partitioner would for that key."""
    return (murmur2(project.encode()) & 0x7FFFFFFF) % count


def murmur2(data: bytes) -> int:
    """Hash as Kafka's `org.apache.kafka.common.utils.Utils.murmur2` does, as an unsigned 32-bit number."""
    mask, multiplier = 0xFFFFFFFF, 0x5BD1E995
    hashed = (0x9747B28C ^ len(data)) & mask
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * multiplier & mask
        word = (word ^ word >> 24) * multiplier & mask
        hashed = hashed * multiplier & mask ^ word
    rest = data[whole:]
    if rest:
        hashed = (hashed ^ int.from_bytes(rest, "little")) * multiplier & mask
    hashed = (hashed ^ hashed >> 13) * multiplier & mask
    return hashed ^ hashed >> 15
