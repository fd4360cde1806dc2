from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from sinks.single import SinglePartitionAssignor


@dataclass
class Cluster:
    partitions: dict[str, set[int]]

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return self.partitions.get(topic)


def members(*names: str) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(member_id=name, group_instance_id=None, metadata=SimpleNamespace(topics=["journal"])) for name in names
    ]


def assigned(cluster: Cluster, *names: str) -> dict[str, list[tuple[str, list[int]]]]:
    return {
        name: list(one.assigned_partitions) for name, one in SinglePartitionAssignor().assign(cluster, members(*names)).items()
    }


def test_one_member_gets_all_partitions_and_the_others_wait() -> None:
    assert assigned(Cluster({"journal": {2, 0, 1}}), "b", "a", "c") == {"a": [("journal", [0, 1, 2])], "b": [], "c": []}


def test_when_it_leaves_another_gets_them_all() -> None:
    assert assigned(Cluster({"journal": {0, 1}}), "c", "b") == {"b": [("journal", [0, 1])], "c": []}


def test_a_topic_that_is_not_there_yet_has_no_partitions() -> None:
    assert assigned(Cluster({}), "a") == {"a": [("journal", [])]}
