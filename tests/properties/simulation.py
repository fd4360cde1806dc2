"""A seeded simulation of one partition: producers, several writers, zombies, lost and doubled sends, readers that restart.

Every rule of the chain (DESIGN section 1) can be broken by name, so that a test can see that it is needed.
Not here: Kafka; a log is a list, and an append is atomic, as a Kafka record is.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from processors.partition import HoleInInbox, InboxRecord, PartitionWriter
from schemas.chain import Accepted, Follower, Pending, Position, Verdict
from schemas.codec import decode, encode
from schemas.records import AlertBatch, Entry, Frame, Tick
from tests.world import PROJECT, ReadModel, batch, configured, millis

RULES = {
    "base ignored": "a reader takes every entry, whatever it builds on",
    "holes not filled": "a writer goes on over records that it was not given",
    "commits trusted": "a recovered writer starts where the group had committed, not where the chain ends",
    "offsets not compared": "a writer does not mind at which offset its entry was acknowledged",
    "repetitions taken": "a writer takes a record again that it had",
    "position between parts": "a reader keeps its position after a part whose entry is not complete",
    "first part taken at once": "a reader applies a part before it has them all",
    "two in flight": "a writer sends an entry before the one before it is acknowledged",
}
CONFIGURATION = {
    PROJECT: {
        "integrations": {"generic": {"format": "generic", "resolve_after": 4_000, "heartbeat": 3_000}},
        "incidents": [{"name": "by service", "group_by": ["service"], "resolve_after": 3000}],
        "notify": [{"receivers": ["oncall"]}],
    }
}
SMALL_PART_BYTES = 700


class CarelessFollower(Follower):
    """Takes every entry that is complete: `base ignored`."""

    def offer(self, offset: int, entry: Entry) -> Verdict:
        return super().offer(offset, replace(entry, base=self.position.offset, first_offset=self.position.next_inbox))


class OtherCore(PartitionWriter):
    """A test build that decides differently: all that arrives is of low severity."""

    def take(self, record: InboxRecord) -> Any:
        frame = decode(record.value or b"", Frame)
        items = [replace(item, default_severity="low") if isinstance(item, AlertBatch) else item for item in frame.items]
        return super().take(InboxRecord(record.offset, record.timestamp, encode(Frame(items)), record.headers))


@dataclass
class Reader:
    """Follows the journal at its own pace, and restarts from what it stored."""

    broken: str | None
    stored: Position = field(default_factory=Position)
    model: ReadModel = field(default_factory=ReadModel)
    follower: Follower = field(default_factory=Follower)
    next_offset: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        kind = CarelessFollower if self.broken == "base ignored" else Follower
        self.follower = kind(self.stored)
        self.next_offset = self.stored.offset + 1

    def read(self, journal: list[bytes], count: int) -> None:
        for offset in range(self.next_offset, min(self.next_offset + count, len(journal))):
            verdict = self.follower.offer_bytes(offset, journal[offset])
            self.next_offset = offset + 1
            if isinstance(verdict, Accepted):
                self.model.apply(verdict.parts)
                self.stored = verdict.position
            elif isinstance(verdict, Pending) and self.broken == "position between parts":
                self.stored = Position(offset, self.stored.next_inbox)
                self.follower.position = self.stored
            elif isinstance(verdict, Pending) and self.broken == "first part taken at once":
                self.model.apply([decode(journal[offset], Entry)])


@dataclass
class Worker:
    """A writer and what has become of its sends; frozen, it keeps everything and does nothing."""

    writer: PartitionWriter
    unsent: list[bytes] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    frozen_for: int = 0


class Simulation:
    """One run; the same seed gives the same run."""

    def __init__(self, seed: int, broken: str | None = None, with_other_core: bool = False) -> None:
        self.random = random.Random(seed)
        self.broken = broken
        self.with_other_core = with_other_core
        self.inbox: list[InboxRecord] = []
        self.journal: list[bytes] = []
        self.committed = 0
        self.writer_count = 0
        self.clock = 0.0
        self.workers: list[Worker] = []
        self.readers = [Reader(broken) for _ in range(3)]
        self.append(Tick(millis(0), "opening"))
        self.append(configured(0, CONFIGURATION))

    def run(self, steps: int = 250) -> None:
        """Let everything happen in a random order, then let one good writer and the readers come to the end."""
        actions = [self.produce] * 4 + [self.work] * 12 + [self.read] * 4
        actions += [self.start_worker, self.kill_worker, self.freeze_worker, self.restart_reader]
        for _ in range(steps):
            self.random.choice(actions)()
        self.workers = []
        self.start_worker()
        for _ in range(len(self.inbox) * 20):
            self.work()
        for reader in self.readers:
            reader.read(self.journal, len(self.journal))

    # -- producers -------------------------------------------------------------

    def append(self, *items: Any) -> None:
        self.inbox.append(InboxRecord(len(self.inbox), millis(self.clock), encode(Frame(list(items)))))

    def produce(self) -> None:
        self.clock += self.random.choice((0.0, 0.1, 1.0, 5.0))
        if self.random.random() < 0.3:
            self.append(*(Tick(millis(self.clock), source) for source in ("clock", "door") if self.random.random() < 0.8))
            return
        said = [self._event() for _ in range(self.random.randint(1, 6))]
        for _ in range(self.random.choice((1, 1, 1, 2))):  # a producer's retry may write a frame twice
            self.append(batch(*said, receipt=f"receipt-{len(self.inbox)}"))

    def _event(self) -> dict[str, Any]:
        name = self.random.choice("abcdef")
        said: dict[str, Any] = {"title": name, "service": self.random.choice(("db", "web"))}
        if self.random.random() < 0.35:
            said["resolved"] = True
        if self.random.random() < 0.5:
            said["severity"] = self.random.choice(("critical", "high", "low"))
        return said

    # -- writers ---------------------------------------------------------------

    def start_worker(self) -> None:
        self.writer_count += 1
        other = self.with_other_core and self.random.random() < 0.5
        writer = (OtherCore if other else PartitionWriter)(f"writer-{self.writer_count}")
        for offset, value in enumerate(self.journal):
            writer.restore(offset, value)
        writer.recovered(len(self.journal))
        if self.broken == "commits trusted":
            writer._gathering.next_offset = writer._gathering.first_offset = max(writer.next_inbox, self.committed)
        self.workers = [*self.workers[-2:], Worker(writer)]

    def kill_worker(self) -> None:
        if self.workers:
            self.workers.pop(self.random.randrange(len(self.workers)))

    def freeze_worker(self) -> None:
        if self.workers:
            self.random.choice(self.workers).frozen_for = self.random.randint(5, 40)

    def work(self) -> None:
        """Let one worker take a record, seal an entry, or send a part."""
        if not self.workers:
            self.start_worker()
        worker = self.random.choice(self.workers)
        if worker.frozen_for > 0:
            worker.frozen_for -= 1
        elif worker.unsent:
            self.send(worker)
        elif self.random.random() < 0.6:
            self.take(worker)
        else:
            self.seal(worker)

    def take(self, worker: Worker) -> None:
        """Give a writer a record: mostly the next one, now and then one that it had or one too far."""
        wanted = worker.writer.next_inbox + self.random.choice((0, 0, 0, 0, -1, 1, 2))
        if not 0 <= wanted < len(self.inbox):
            return
        if self.broken == "repetitions taken" and wanted < worker.writer.next_inbox:
            worker.writer._gathering.next_offset = wanted
        try:
            worker.writer.take(self.inbox[wanted])
        except HoleInInbox as hole:
            if self.broken == "holes not filled":
                worker.writer._gathering.next_offset = hole.got
            for offset in range(worker.writer.next_inbox, wanted + 1):
                worker.writer.take(self.inbox[offset])
        self.committed = max(self.committed, worker.writer.next_inbox)

    def seal(self, worker: Worker) -> None:
        writer = worker.writer
        parts = list(writer.next_entry(at_once=self.random.random() < 0.5) or ())
        if self.broken == "two in flight" and parts and writer.next_inbox < len(self.inbox):
            writer.take(self.inbox[writer.next_inbox])
            writer._in_flight = None
            parts += writer.next_entry(at_once=True) or ()
            writer._in_flight = Position(writer._expected_journal_offset + len(parts) - 1, writer.next_inbox)
            writer._in_flight_parts = len(parts)
        worker.unsent, worker.offsets = parts, []

    def send(self, worker: Worker) -> None:
        """Send one part: it may be written twice, or written without an acknowledgement; then the writer is dropped."""
        luck = self.random.random()
        value = worker.unsent.pop(0)
        self.journal.append(value)
        worker.offsets.append(len(self.journal) - 1)
        if luck < 0.08:
            self.journal.append(value)
            worker.offsets[-1] += self.random.choice((0, 1))
        is_acknowledged = luck <= 0.95
        if not is_acknowledged or (not worker.unsent and not self._is_good(worker)):
            self._drop(worker)

    def _is_good(self, worker: Worker) -> bool:
        if self.broken == "offsets not compared":
            writer, in_flight = worker.writer, worker.writer._in_flight
            assert in_flight is not None
            writer._in_flight = Position(worker.offsets[-1], in_flight.next_inbox)
            writer._expected_journal_offset = worker.offsets[0]
            writer._in_flight_parts = len(worker.offsets)
            worker.offsets = list(range(worker.offsets[0], worker.offsets[0] + len(worker.offsets)))
        return worker.writer.acknowledged(worker.offsets)

    def _drop(self, worker: Worker) -> None:
        self.workers = [other for other in self.workers if other is not worker]

    # -- readers ---------------------------------------------------------------

    def read(self) -> None:
        self.random.choice(self.readers).read(self.journal, self.random.randint(1, 8))

    def restart_reader(self) -> None:
        self.random.choice(self.readers).restart()
