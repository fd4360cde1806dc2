"""A ledger between an inbox and a journal in memory, on a clock that only the test moves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sinks.ledger.book import Account
from sinks.ledger.inbox import Frame
from sinks.ledger.sink import LedgerSink
from sinks.ledger.store import BookStore, Kept, read_kept
from tests.fakes.stores import MemoryStore
from tests.memory_kafka import MemoryJournal, MemoryKafka, read_all
from tests.world import PROJECT, World, batch


@dataclass
class MemoryInbox:
    frames: list[Frame]
    commits: dict[int, int] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)

    def place(self, starts: Mapping[int, int]) -> None:
        self.places = dict(starts)

    def poll(self, seconds: float) -> Sequence[Frame]:
        found = self.frames[self.places[0] :][:3]
        self.places[0] += len(found)
        return found

    def committed(self) -> Mapping[int, int]:
        return self.commits

    def close(self) -> None:
        pass


@dataclass
class LedgerWorld:
    world: World = field(default_factory=World)
    topic: MemoryStore = field(default_factory=MemoryStore)
    commits: dict[int, int] = field(default_factory=dict)
    now: float = 0.0

    def alert(self, *titles: str, claimed: int | None = None, unknown_status: str | None = None) -> None:
        """Append a frame of alerts; its header claims so many, or tells the truth."""
        count = len(titles) if claimed is None else claimed
        headers = (("events", json.dumps({PROJECT: count}).encode()),)
        self.world.append(
            len(self.world.inbox),
            batch(*({"title": title, "unknown_status": unknown_status} for title in titles)),
            headers=headers,
        )

    def start(self) -> LedgerSink:
        frames = [Frame(0, record.offset, tuple(record.headers)) for record in self.world.inbox]
        return LedgerSink(BookStore(self.topic), MemoryInbox(frames, self.commits), lambda: self.now)

    def read(self, sink: LedgerSink | None = None) -> LedgerSink:
        """Let a new process read all of the journal, and tend once."""
        sink = sink or self.start()
        read_all(sink, MemoryJournal(MemoryKafka({0: self.world.journal})))
        sink.tend()
        return sink

    def kept(self) -> Kept:
        return read_kept(self.topic, [0])[0]

    def account(self) -> Account:
        return self.kept().accounts[PROJECT]
