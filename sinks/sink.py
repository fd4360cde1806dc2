"""The contract of a sink: what the reader asks of it, and what it may rely on.

A sink is found by its entry point in the group `tocsin.sinks`, a function `build(settings: Settings) -> Sink`.
Not here: following the journal (`reader.py`), Kafka (`journal.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from schemas import records
from schemas.chain import Position
from schemas.codec import decode
from schemas.errors import BrokenChain, MalformedRecord, TocsinError

Section = Literal[
    "alerts",
    "contents",
    "payloads",
    "incidents",
    "silences",
    "projects",
    "timeline",
    "outcomes",
    "notifications",
    "forgettings",
    "commands",
    "partition",
]
R = TypeVar("R", bound=records.Record)


class Superseded(TocsinError):
    """Somebody else has applied what this sink was about to: nothing was applied; the reader asks for positions again."""


class NotTaken(Superseded):
    """Kafka has refused what the sink itself wrote, or it is not known what became of it: its state is read anew in a while."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One entry that counts, all its parts together. A section is decoded when it is first asked for.

    `position` is where a reader stands after it. `is_history`: it was in the journal before this sink had ever read
    it; a sink that notifies learns from it and does not act.
    """

    partition: int
    position: Position
    parts: tuple[records.Entry, ...]
    is_history: bool = False
    _decoded: dict[str, Sequence[Any]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def alerts(self) -> Sequence[records.AlertState]:
        return self._read("alerts", records.AlertSection)

    @property
    def contents(self) -> Sequence[records.AlertContent]:
        return self._read("contents", records.ContentSection)

    @property
    def payloads(self) -> Sequence[records.AlertPayload]:
        return self._read("payloads", records.PayloadSection)

    @property
    def incidents(self) -> Sequence[records.IncidentState]:
        return self._read("incidents", records.IncidentSection)

    @property
    def silences(self) -> Sequence[records.SilenceState]:
        return self._read("silences", records.SilenceSection)

    @property
    def projects(self) -> Sequence[records.ProjectState]:
        return self._read("projects", records.ProjectSection)

    @property
    def timeline(self) -> Sequence[records.TimelineItem]:
        return self._read("timeline", records.TimelineSection)

    @property
    def outcomes(self) -> Sequence[records.Outcome]:
        return self._read("outcomes", records.OutcomeSection)

    @property
    def notifications(self) -> Sequence[records.Notification]:
        return self._read("notifications", records.NotificationSection)

    @property
    def forgettings(self) -> Sequence[records.Forgetting]:
        return self._read("forgettings", records.ForgettingSection)

    @property
    def commands(self) -> Sequence[records.CommandState]:
        return self._read("commands", records.CommandSection)

    @property
    def partition_state(self) -> records.PartitionState | None:
        """What the entry says of the partition itself (now, configuration); None: nothing."""
        if "partition" not in self._decoded:
            self._decoded["partition"] = [
                self._decode(part.partition, records.PartitionState) for part in self.parts if part.partition
            ]
        found = self._decoded["partition"]
        return found[-1] if found else None

    def guess_alerts(self) -> int:
        """Guess how many alerts it changes, from its first part: the parts hold equal shares. Raises as `decode` does."""
        first = self.parts[0].alerts
        return len(self.parts) * len(self._decode(first, records.AlertSection).items) if first else 0

    def decode(self, sections: frozenset[Section]) -> None:
        """Decode these sections now, so that one that cannot be read is found before any of the batch is acted on.

        Raises `BrokenChain` (the operator's) for a section that this version cannot read.
        """
        for section in sections:
            getattr(self, "partition_state" if section == "partition" else section)

    def _read(self, section: str, kind: type[Any]) -> Sequence[Any]:
        found = self._decoded.get(section)
        if found is None:
            found = [item for part in self.parts if (data := getattr(part, section)) for item in self._decode(data, kind).items]
            self._decoded[section] = found
        return found

    def _decode(self, data: bytes, kind: type[R]) -> R:
        try:
            return decode(data, kind)
        except MalformedRecord as error:
            where = f"partition {self.partition}, journal offset {self.position.offset}"
            raise BrokenChain(f"an entry cannot be read ({where}): {error}") from error


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one or several partitions, each partition's in the order of the chain; at least one.

    `before` and `after`: where the reader stood, and stands once the batch is applied, for each partition in it.
    """

    entries: tuple[JournalEntry, ...]
    before: Mapping[int, Position]
    after: Mapping[int, Position]


@dataclass(frozen=True, slots=True)
class Assignment:
    """The partitions that this process reads from now on, all of them, in place of those before; may be empty.

    `topic_id` is Kafka's id of the journal topic: another id is another journal, even under the same name.
    """

    partitions: tuple[int, ...]
    topic_id: UUID


class Sink(Protocol):
    """Acts on what the journal says. All methods are called from one thread, and may block for minutes.

    One that `stores_positions` and does not take all partitions is built twice in a process: the second, in a thread of
    its own, is handed entries that take long, while the first goes on with the other partitions.
    What a sink may not assume: that a partition stays with it; that nobody else applies the same entry at the same
    time (a process that was frozen may wake); that it sees an entry only once, unless `stores_positions`.
    """

    @property
    def sections(self) -> frozenset[Section]:
        """The sections that it looks into: these are decoded, and known to be readable, before `deliver`."""

    @property
    def stores_positions(self) -> bool:
        """True: it keeps positions itself, atomically with what it applied, and `assign` gives them.

        False: the reader commits them to Kafka after each `deliver`; a crash between the two delivers again.
        """

    @property
    def takes_all_partitions(self) -> bool:
        """True: one process of its group gets all partitions, any other waits with none."""

    @property
    def linger_seconds(self) -> float:
        """How long the broker may hold records back so that more come at once, and cheaper; 0: each comes when it is there."""

    def assign(self, assignment: Assignment) -> Mapping[int, Position]:
        """Forget what was held for other partitions, get ready for these; called at the start and after each rebalance,
        also when nothing has changed, and after `Superseded`.

        Give the stored position of each of these partitions; one that is left out starts from the journal's beginning
        (`stores_positions`), or from the group's commit (not `stores_positions`: give an empty mapping).
        Raises `Unavailable` (asked again after a while) or `OperatorError` (the process stops).
        """

    def deliver(self, batch: Batch) -> None:
        """Apply a batch: all of it when this returns, none of it or any part of it when this raises.

        Raises `Unavailable`: the same batch, or one that begins with the same entries, comes again after a while.
        `Superseded`: see there. Any other error stops the process, and the journal is read on from the position before.
        A sink for which one bad message must not stop the others deals with that itself.
        """

    def tend(self) -> None:
        """Do what is due by time (a retry that was put off). Called about once a second, also when nothing is read.

        Raises `Unavailable` when it did not work out: it is called again after a while.
        """

    def close(self) -> None:
        """Let go of connections; nothing is called after it. Must not wait for the world for more than a second."""
