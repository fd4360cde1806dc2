"""Makes existing topics what `schemas/topics.py` declares. Not here: finding the differences (`topic_check.py`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from schemas.errors import OperatorError
from schemas.settings import Settings
from tocsin.topic_differences import PARTITIONS, REPLICATION, UNREADABLE, Difference

UNMENDABLE = (PARTITIONS, UNREADABLE)


def mend_topics(client: KafkaAdminClient, settings: Settings, differences: Iterable[Difference]) -> Iterator[str]:
    """Mend topic by topic; yield a line for each setting that was changed.

    Raises `OperatorError` at the end, with all that could not be mended: a number of partitions, more replicas than there are
    brokers, what the cluster refuses.
    """
    by_topic: dict[str, list[Difference]] = defaultdict(list)
    failed: list[str] = []
    for difference in differences:
        if difference.setting in UNMENDABLE:
            failed.append(str(difference))
        else:
            by_topic[difference.topic].append(difference)
    for topic, found in by_topic.items():
        try:
            _mend(client, topic, {one.setting: one.declared for one in found}, settings.kafka_replication_factor)
        except OperatorError as error:
            failed.append(str(error))
            continue
        for one in found:
            yield f"topic {topic}: {one.setting} was {one.actual} and is {one.declared} now"
    if failed:
        raise OperatorError("\n".join(failed))


def _mend(client: KafkaAdminClient, topic: str, changes: dict[str, str], replicas: int) -> None:
    if changes.pop(REPLICATION, None) is not None:
        _replicate(client, topic, replicas)  # first: a setting may need the replicas
    if changes:
        _set(client, topic, changes)


def spread(replicas: Sequence[int], brokers: Sequence[int], count: int, partition: int) -> list[int]:
    """Choose brokers for a partition: those that have it stay, others follow, from another one on for each partition."""
    others = [broker for broker in sorted(brokers) if broker not in replicas]
    start = partition % len(others) if others else 0
    return [*replicas, *others[start:], *others[:start]][:count]


def _set(client: KafkaAdminClient, topic: str, changes: dict[str, str]) -> None:
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, changes)
    answer: str = client.alter_configs([resource], raise_on_unknown=False)["topic"][topic]
    if answer != "OK":
        raise OperatorError(f"topic {topic}: the cluster refuses the change: {answer}")


def _replicate(client: KafkaAdminClient, topic: str, count: int) -> None:
    brokers = [broker["broker_id"] for broker in client.describe_cluster()["brokers"]]
    if len(brokers) < count:
        raise OperatorError(f"topic {topic}: {count} replicas need as many brokers; the cluster has {len(brokers)}")
    (described,) = client.describe_topics([topic])
    partitions: list[dict[str, Any]] = described["partitions"]
    wanted = {
        TopicPartition(topic, one["partition_index"]): spread(one["replica_nodes"], brokers, count, one["partition_index"])
        for one in partitions
    }
    answers = client.alter_partition_reassignments(wanted)
    refused = [f"{where.partition}: {error.__name__}" for where, error in answers.items() if error is not None]
    if refused:
        raise OperatorError(f"topic {topic}: the cluster refuses to move partitions: {', '.join(refused)}")
