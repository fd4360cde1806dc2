"""Gives all partitions to one member of a consumer group; the others wait with none, ready to take over."""

from __future__ import annotations

from typing import Any

from kafka.coordinator.assignors.abstract import (
    AbstractPartitionAssignor,
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)

VERSION = 0


class SinglePartitionAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # the library ships no types
    """The member with the smallest id has everything; who it is does not matter, as long as all agree."""

    name = "tocsin-single"

    def assign(self, cluster: Any, members: Any) -> dict[str, Any]:
        chosen = min(member.member_id for member in members)
        return {
            member.member_id: ConsumerProtocolAssignment(
                VERSION, _all_partitions(cluster, member) if member.member_id == chosen else [], b""
            )
            for member in members
        }

    def metadata(self, topics: Any) -> Any:
        return ConsumerProtocolSubscription(VERSION, list(topics), b"")

    def on_assignment(self, assignment: Any, generation: int) -> None:
        """Nothing to remember."""


def _all_partitions(cluster: Any, member: Any) -> list[tuple[str, list[int]]]:
    return [(topic, sorted(cluster.partitions_for_topic(topic) or ())) for topic in sorted(member.metadata.topics)]
