"""What is asked of the cluster to mend topics. On a real broker: `tests/integration/tocsin/test_topic_differences.py`."""

from __future__ import annotations

from typing import Any

import pytest
from kafka import TopicPartition
from kafka.admin import ConfigResource

from schemas.errors import OperatorError
from schemas.settings import Settings
from tocsin.topic_differences import Difference
from tocsin.topic_mending import mend_topics

SETTINGS = Settings(kafka_replication_factor=3)


class Cluster:
    """Answers as kafka-python's admin client does; each topic has two partitions, on the first broker."""

    def __init__(self, brokers: int = 3, refuses: str = "") -> None:
        self._brokers, self._refuses = range(1, brokers + 1), refuses
        self.asked: list[Any] = []

    def describe_cluster(self) -> dict[str, Any]:
        return {"brokers": [{"broker_id": number} for number in self._brokers]}

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        return [{"partitions": [{"partition_index": number, "replica_nodes": [1]} for number in (0, 1)]} for _ in names]

    def alter_partition_reassignments(self, wanted: dict[TopicPartition, list[int]]) -> dict[TopicPartition, None]:
        self.asked.append({where.partition: brokers for where, brokers in wanted.items()})
        return dict.fromkeys(wanted)

    def alter_configs(self, resources: list[ConfigResource], raise_on_unknown: bool) -> dict[str, dict[str, str]]:
        (resource,) = resources
        self.asked.append((resource.name, resource.configs))
        return {"topic": {resource.name: "policy" if resource.name == self._refuses else "OK"}}


def difference(topic: str, setting: str, actual: str, declared: str) -> Difference:
    return Difference(topic, setting, actual, declared, "breaks", "so", f"tocsin topics mend {topic}")


def mend(cluster: Any, *differences: Difference) -> tuple[list[str], str]:
    """Mend; give the lines that were said, and what was raised."""
    said: list[str] = []
    try:
        said.extend(mend_topics(cluster, SETTINGS, differences))
    except OperatorError as error:
        return said, str(error)
    return said, ""


def test_replicas_come_before_the_settings_that_may_need_them() -> None:
    cluster = Cluster()
    said, _ = mend(cluster, difference("t", "min.insync.replicas", "1", "2"), difference("t", "replication factor", "1", "3"))
    assert cluster.asked == [{0: [1, 2, 3], 1: [1, 3, 2]}, ("t", {"min.insync.replicas": "2"})]
    assert said == ["topic t: min.insync.replicas was 1 and is 2 now", "topic t: replication factor was 1 and is 3 now"]


@pytest.mark.parametrize(
    ("cluster", "found", "raised"),
    [
        (Cluster(), difference("t", "partitions", "8", "4"), "topic t: partitions is 8, declared is 4: so. To mend it: tocsin"),
        (
            Cluster(brokers=2),
            difference("t", "replication factor", "1", "3"),
            "topic t: 3 replicas need as many brokers; the cluster has 2",
        ),
        (Cluster(refuses="t"), difference("t", "retention.ms", "1", "2"), "topic t: the cluster refuses the change: policy"),
    ],
    ids=["partitions", "brokers", "policy"],
)
def test_what_cannot_be_mended_is_raised_at_the_end_and_keeps_no_other_topic_from_it(
    cluster: Cluster, found: Difference, raised: str
) -> None:
    said, error = mend(cluster, found, difference("u", "retention.ms", "1", "2"))
    assert said == ["topic u: retention.ms was 1 and is 2 now"]
    assert error.startswith(raised)
