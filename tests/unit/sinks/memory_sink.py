"""The smallest sink there can be, once with positions of its own and once without; it remembers what it was handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.chain import Position
from sinks.sink import Assignment, Batch, Section

Applied = tuple[int, int, bool]
"""Partition, journal offset and whether it was history, of an entry."""


@dataclass
class MemorySink:
    """`before_deliver` may raise what a world would, or count."""

    stores_positions: bool = True
    sections: frozenset[Section] = frozenset({"alerts"})
    takes_all_partitions: bool = False
    linger_seconds: float = 0.0
    before_deliver: Callable[[Batch], None] = lambda batch: None
    applied: list[Applied] = field(default_factory=list)
    positions: dict[int, Position] = field(default_factory=dict)
    assignments: list[tuple[int, ...]] = field(default_factory=list)

    def assign(self, assignment: Assignment) -> Mapping[int, Position]:
        self.assignments.append(assignment.partitions)
        return {one: position for one, position in self.positions.items() if one in assignment.partitions}

    def deliver(self, batch: Batch) -> None:
        self.before_deliver(batch)
        self.applied += [(entry.partition, entry.position.offset, entry.is_history) for entry in batch.entries]
        if self.stores_positions:
            self.positions |= batch.after

    def tend(self) -> None: ...

    def close(self) -> None: ...
