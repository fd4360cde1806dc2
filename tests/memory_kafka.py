"""The journal in memory, as a reader sees it: partitions, commits, rebalances, and a clock that only waiting moves.

Not here: what the entries say; see `tests/world.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from uuid import UUID

from sinks.bookmark import Bookmark
from sinks.journal import JournalRecord
from sinks.reader import Reader
from sinks.sink import Sink

TOPIC_ID = UUID(int=7)


@dataclass
class MemoryKafka:
    """What survives a process: the records, and what its group has committed."""

    partitions: dict[int, list[bytes]]
    topic_id: UUID = TOPIC_ID
    first: dict[int, int] = field(default_factory=dict)
    commits: dict[int, tuple[int, Bookmark]] = field(default_factory=dict)


class MemoryJournal:
    """One member of the group. It sets `stop` when it has read everything.

    `before_poll` and `on_hold` are called with the number of each poll, and of each wait after a failure.
    """

    def __init__(
        self,
        kafka: MemoryKafka,
        per_poll: int = 100,
        before_poll: Callable[[int], None] = lambda number: None,
        on_hold: Callable[[int], None] = lambda number: None,
    ) -> None:
        self.kafka = kafka
        self.stop = Event()
        self.now = 0.0
        self.generation = 1
        self.is_rebalancing = False
        self.partitions: tuple[int, ...] = tuple(sorted(kafka.partitions))
        self.is_committing = True
        self.held: list[float] = []
        self._places: dict[int, int] = {}
        self._per_poll = per_poll
        self._before_poll = before_poll
        self._on_hold = on_hold
        self._polls = 0

    def poll(self, seconds: float) -> Sequence[JournalRecord]:
        self._polls += 1
        self._before_poll(self._polls)
        found: list[JournalRecord] = []
        for partition, offset in self._places.items():
            values = self.kafka.partitions[partition][offset : offset + self._per_poll - len(found)]
            found += [JournalRecord(partition, offset + place, value) for place, value in enumerate(values)]
            self._places[partition] += len(values)
        if not found and self.generation != 0 and self._places.keys() == set(self.partitions):
            self.stop.set()
        self.now += 0.001
        return found

    def hold(self, seconds: float) -> None:
        self.held.append(seconds)
        self._on_hold(len(self.held))
        self.now += seconds

    def place(self, starts: Mapping[int, int]) -> None:
        self._places |= starts

    def set_aside(self, partition: int) -> None:
        del self._places[partition]

    def topic_id(self) -> UUID:
        return self.kafka.topic_id

    def bounds(self) -> dict[int, tuple[int, int]]:
        return {one: (self.kafka.first.get(one, 0), len(self.kafka.partitions[one])) for one in self.partitions}

    def bookmarks(self) -> dict[int, Bookmark]:
        return {one: bookmark for one, (_, bookmark) in self.kafka.commits.items() if one in self.partitions}

    def commit(self, bookmarks: Mapping[int, tuple[int, Bookmark]], wait: bool) -> bool:
        if self.is_committing:
            self.kafka.commits |= bookmarks
        return self.is_committing

    def lag(self) -> dict[int, int]:
        return {one: len(self.kafka.partitions[one]) - offset for one, offset in self._places.items()}

    def close(self) -> None:
        self.rebalance()

    def rebalance(self, *partitions: int) -> None:
        """Give these partitions and take all others; nothing is read before they are placed."""
        self.partitions, self._places = partitions, {}
        self.generation += 1


def read_all(sink: Sink, journal: MemoryJournal, sink_for_large: Sink | None = None) -> None:
    """Run a reader until it has read everything."""
    Reader("test", sink, journal, lambda: journal.now, sink_for_large).run(journal.stop)
