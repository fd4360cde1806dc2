"""Questions to the Kafka cluster as a whole: is it there, how far is each partition, how far behind is each group.

kafka-python's exceptions end here as `Unavailable`. Not here: creating topics (`embedded/topics.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, OffsetSpec
from kafka.errors import KafkaError

from schemas.errors import OperatorError, Unavailable
from schemas.kafka import client_options
from schemas.settings import Settings
from tocsin.topic_differences import ActualTopic

ANSWER_SECONDS = 10
RETRY_MILLIS = 300
"""Between attempts to connect; kafka-python's own default grows to 30 s, long after a starting broker is there."""


@contextmanager
def admin_client(settings: Settings, wait_seconds: float = ANSWER_SECONDS) -> Iterator[KafkaAdminClient]:
    """Connect to the cluster, waiting so long for it; raises `Unavailable`, also for what fails inside the block."""
    if not settings.kafka:
        raise OperatorError("no Kafka: set TOCSIN_KAFKA, or start the embedded one with `tocsin up`")
    try:
        client = KafkaAdminClient(
            **client_options(settings),
            bootstrap_timeout_ms=int(wait_seconds * 1000),
            request_timeout_ms=ANSWER_SECONDS * 1000,
            reconnect_backoff_max_ms=RETRY_MILLIS,
        )
    except KafkaError as error:
        raise Unavailable(unreachable(settings)) from error
    try:
        yield client
    except KafkaError as error:
        raise Unavailable(f"Kafka at {settings.kafka}: {error}") from error
    finally:
        client.close()


def unreachable(settings: Settings) -> str:
    """Word what kafka-python reports alike for a server that is gone and for a password that is wrong."""
    if "SASL" in settings.kafka_security_protocol:
        return f"Kafka at {settings.kafka} does not answer, or refuses the password of {settings.kafka_sasl_username!r}"
    return f"Kafka at {settings.kafka} does not answer"


def partitions_of(client: KafkaAdminClient, names: list[str]) -> dict[str, int]:
    """Give the partition count of each topic that exists."""
    found: list[dict[str, Any]] = client.describe_topics(names) if names else []
    return {topic["name"]: len(topic["partitions"]) for topic in found if topic["error_code"] == 0}


def describe_topics(client: KafkaAdminClient, names: list[str]) -> dict[str, ActualTopic]:
    """Give what each topic that exists is like: partitions, replicas, settings."""
    found = {topic["name"]: topic["partitions"] for topic in client.describe_topics(names) if topic["error_code"] == 0}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in found]
    settings = client.describe_configs(asked, config_filter="all").get("topic", {}) if asked else {}
    return {
        name: ActualTopic(
            partitions=len(partitions),
            replicas=min(len(partition["replica_nodes"]) for partition in partitions),
            # kafka-python gives none, and no error, where the broker does not let us read them.
            settings={key: entry["value"] for key, entry in settings.get(name, {}).items()} or None,
        )
        for name, partitions in found.items()
    }


def end_offsets(client: KafkaAdminClient, topics: dict[str, int]) -> dict[tuple[str, int], int]:
    """Give the offset after the last record of each partition; `topics` maps names to partition counts."""
    wanted = {TopicPartition(name, number): OffsetSpec.LATEST for name, count in topics.items() for number in range(count)}
    answers = client.list_partition_offsets(wanted) if wanted else {}
    return {(partition.topic, partition.partition): answer.offset for partition, answer in answers.items()}


def lag_by_group(client: KafkaAdminClient, prefix: str) -> dict[str, int]:
    """Give, for each of our consumer groups, how many records lie between its commits and the end of its partitions."""
    groups = sorted(group["group_id"] for group in client.list_groups() if group["group_id"].startswith(prefix))
    committed = client.list_group_offsets(dict.fromkeys(groups)) if groups else {}
    names = sorted({partition.topic for offsets in committed.values() for partition in offsets})
    ends = end_offsets(client, partitions_of(client, names))
    return {group: _lag(committed.get(group, {}), ends) for group in groups}


def _lag(offsets: dict[Any, Any], ends: dict[tuple[str, int], int]) -> int:
    behind = 0
    for partition, position in offsets.items():
        end = ends.get((partition.topic, partition.partition))
        if end is not None:
            behind += max(0, end - max(0, position.offset))
    return behind
