"""How an existing topic differs from what `schemas/topics.py` declares, what that does, and the command that mends it.

Pure. Not here: asking the cluster (`cluster.py`), what is refused and what is only said (`topic_check.py`), mending.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from schemas.settings import Settings
from schemas.topics import Topic

Weight = Literal["breaks", "degrades", "differs"]
"""breaks: a promise of tocsin's would not hold, or nothing can be written. degrades: it works, less well. differs: no harm."""
PARTITIONS = "partitions"
REPLICATION = "replication factor"
MIN_IN_SYNC = "min.insync.replicas"
UNREADABLE = "settings"
"""Stands for all of them where the broker does not let us read any."""
HARM: Mapping[str, tuple[Weight, str]] = {
    "message.timestamp.type": ("breaks", "tocsin's time would be the clocks of its writers, not the broker's"),
    "cleanup.policy": ("breaks", "Kafka would remove, or refuse, records that are needed"),
    MIN_IN_SYNC: ("degrades", "what was acknowledged may be lost with one broker"),
    "unclean.leader.election.enable": ("degrades", "what was acknowledged may be lost when brokers fail"),
    "max.message.bytes": ("degrades", "Kafka refuses larger records, and with them the alerts or decisions that they hold"),
    "retention.ms": ("degrades", "Kafka removes records that may still be needed"),
    "retention.bytes": ("degrades", "Kafka removes records that may still be needed"),
    "compression.type": ("degrades", "the broker compresses every record anew"),
}
MORE_IS_NO_HARM = {MIN_IN_SYNC, "max.message.bytes", "retention.ms", "retention.bytes"}
UNLIMITED = "-1"
"""Of both retentions."""


@dataclass(frozen=True, slots=True)
class ActualTopic:
    """A topic as the cluster has it; `replicas` of the partition with the fewest, `settings` None where we may not read them."""

    partitions: int
    replicas: int
    settings: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting of one topic (its full name). `consequence` and `mend` are for people; `mend` is what to run or to set."""

    topic: str
    setting: str
    actual: str
    declared: str
    weight: Weight
    consequence: str
    mend: str

    def __str__(self) -> str:
        words = f"topic {self.topic}: {self.setting} is {self.actual}, declared is {self.declared}"
        return f"{words}: {self.consequence}. To mend it: {self.mend}"


def compare(topic: Topic, actual: ActualTopic, wanted: Settings) -> list[Difference]:
    """Give what differs from the declaration and from the settings, which say partitions and replicas."""
    name, mend = topic.full_name(wanted.topic_prefix), f"tocsin topics mend {topic.name}"
    found = [_compare_partitions(topic, actual, wanted), _compare_replicas(name, mend, actual, wanted)]
    if actual.settings is None:
        allow = "let us DescribeConfigs, as tocsin topics acls says"
        found.append(Difference(name, UNREADABLE, "hidden", "readable", "differs", "they cannot be compared", allow))
    for setting, declared in topic.kafka_settings(wanted.kafka_min_insync_replicas).items():
        value = (actual.settings or {}).get(setting)
        if value is None:
            continue
        if judged := _judge(setting, value, declared, actual.replicas):
            found.append(Difference(name, setting, value, declared, *judged, mend))
    return [difference for difference in found if difference is not None]


def _compare_partitions(topic: Topic, actual: ActualTopic, wanted: Settings) -> Difference | None:
    declared, name = topic.partitions or wanted.partitions, topic.full_name(wanted.topic_prefix)
    if actual.partitions == declared:
        return None
    if topic.partitions is None:
        mend = f"set TOCSIN_PARTITIONS={actual.partitions} for every process, or begin anew with another TOCSIN_TOPIC_PREFIX"
    else:
        mend = f"kafka-topics.sh --bootstrap-server {wanted.kafka} --delete --topic {name}, then tocsin topics create"
    consequence = "the count is fixed for the life of a cluster, since it decides which projects share a partition"
    return Difference(name, PARTITIONS, str(actual.partitions), str(declared), "breaks", consequence, mend)


def _compare_replicas(name: str, mend: str, actual: ActualTopic, wanted: Settings) -> Difference | None:
    declared = wanted.kafka_replication_factor
    if actual.replicas == declared:
        return None
    is_less = actual.replicas < declared
    consequence = "fewer brokers may fail before records are lost" if is_less else "that is no harm"
    weight: Weight = "degrades" if is_less else "differs"
    return Difference(name, REPLICATION, str(actual.replicas), str(declared), weight, consequence, mend)


def _judge(setting: str, value: str, declared: str, replicas: int) -> tuple[Weight, str] | None:
    """Say how bad a value is; None for as declared."""
    if setting == MIN_IN_SYNC and int(value) > replicas:
        return "breaks", f"the topic has {replicas} replicas, so that no record can be written"
    if _normal(value) == _normal(declared):
        return None
    if setting in MORE_IS_NO_HARM and _limit(value) > _limit(declared):
        return "differs", "that is no harm"
    return HARM[setting]


def _limit(value: str) -> float:
    return float("inf") if value == UNLIMITED else int(value)


def _normal(value: str) -> list[str]:
    """Lists such as `compact,delete` in one order."""
    return sorted(part.strip() for part in value.split(","))
