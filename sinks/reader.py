"""The one reader of all sinks: follows the chain in each partition, hands accepted entries on in batches, tries again.

Whether an entry counts is decided by `schemas/chain.py` alone. Not here: Kafka (`journal.py`), what a sink does
(`sink.py` is the contract). Over 300 lines, since every step changes the one small state of its lanes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Protocol
from uuid import UUID

import structlog

from schemas.chain import Accepted, Follower, Pending, Position, Void
from schemas.errors import BrokenChain, Unavailable
from sinks import metrics
from sinks.aside import Aside
from sinks.attempts import Attempts
from sinks.bookmark import Bookmark
from sinks.journal import JournalRecord
from sinks.pace import Pace
from sinks.sink import Assignment, Batch, JournalEntry, NotTaken, Sink

log = structlog.get_logger()
POLL_SECONDS = 0.25
"""How long at most until a signal to stop is seen; records wake the reader at once."""
BATCH_BYTES = 1024 * 1024
"""Of journal records in one batch, about; one entry may exceed it. Some 20,000 repeats: applied in well under 5 s."""
LARGE_ENTRY = 5_000
"""An entry that changes more alerts is applied aside, where a sink allows it; PostgreSQL takes 0.08 s for 1,000. Twice what
alert events alone change at once."""
ASIDE_POLL_SECONDS = 0.02
"""Instead of `POLL_SECONDS` while one is: its partition goes on as soon as it is applied."""
COMMIT_SECONDS = 1.0
"""Between commits that are only monitoring."""
TEND_SECONDS = 1.0
PATIENCE = 8
"""Attempts (13 s) until a journal that ends before our position is taken for another one: a broker that has just
started may not know its end yet."""


class Journal(Protocol):
    """What the reader needs of `KafkaJournal`; see there."""

    generation: int
    is_rebalancing: bool
    partitions: tuple[int, ...]

    def poll(self, seconds: float) -> Sequence[JournalRecord]: ...
    def hold(self, seconds: float) -> None: ...
    def place(self, starts: Mapping[int, int]) -> None: ...
    def set_aside(self, partition: int) -> None: ...
    def topic_id(self) -> UUID: ...
    def bounds(self) -> Mapping[int, tuple[int, int]]: ...
    def bookmarks(self) -> Mapping[int, Bookmark]: ...
    def commit(self, bookmarks: Mapping[int, tuple[int, Bookmark]], wait: bool) -> bool: ...
    def lag(self) -> Mapping[int, int]: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class Lane:
    """One partition as the reader follows it; `applied` lags behind the follower while a batch is in hand."""

    follower: Follower
    applied: Position
    history_end: int
    next_offset: int
    is_between_parts: bool = False
    is_aside: bool = False
    """While an entry of it is applied aside, nothing more of it is read."""

    def bookmark(self) -> tuple[int, Bookmark]:
        """Give what to commit: the offset to read next, never one between two parts, nor beyond what was applied."""
        is_ahead = self.is_between_parts or self.follower.position != self.applied
        next_offset = self.applied.offset + 1 if is_ahead else self.next_offset
        return next_offset, Bookmark(self.applied.offset, self.applied.next_inbox, self.history_end)


class Reader:
    """Reads for one sink until told to stop. Not to be used again after `run`."""

    def __init__(
        self,
        name: str,
        sink: Sink,
        journal: Journal,
        clock: Callable[[], float] = time.monotonic,
        sink_for_large: Sink | None = None,
        tell: Callable[[str, str], None] = lambda about, words: None,
    ) -> None:
        """`sink_for_large`: another sink like `sink`, for large entries, in a thread of its own; None: all come in turn.

        `tell` is told what does not work, by what it is about, and with no words when it does again.
        """
        self._name = name
        self._sink = sink
        self._journal = journal
        self._clock = clock
        self._attempts = Attempts(name, journal.hold, clock, tell)
        self._aside = None if sink_for_large is None else Aside(name, sink_for_large)
        self._assignment: Assignment | None = None
        self._generation = 0
        self._is_astray = False
        self._lanes: dict[int, Lane] = {}
        self._pace = Pace()
        self._last_commit = self._last_tend = clock()
        self._committed: dict[int, tuple[int, Bookmark]] = {}

    @property
    def is_ready(self) -> bool:
        """Whether it stands where its partitions are and the last thing it tried worked; may be asked from any thread."""
        failures = self._attempts.failures + (0 if self._aside is None else self._aside.failures)
        return 0 < self._generation == self._journal.generation and failures == 0 and not self._attempts.not_taken

    def run(self, stop: Event) -> None:
        """Block until `stop` is set; the batch in hand is finished, committed, and the group left.

        Raises `BrokenChain` and any error of the sink's but `Unavailable`: what was applied before it stays so.
        """
        try:
            while not stop.is_set():
                self._run_round(stop)
        finally:
            try:
                if self._aside is not None:
                    self._aside.close()
                    self._note_applied_aside(self._aside)
            finally:
                self._commit(wait=True)
                self._journal.close()
                self._sink.close()

    def _run_round(self, stop: Event) -> None:
        try:
            if not self._journal.is_rebalancing and (self._is_astray or self._journal.generation != self._generation):
                self._place()
            waiting_since = self._clock()
            is_awaited = self._aside is not None and self._aside.is_busy
            records = self._journal.poll(ASIDE_POLL_SECONDS if is_awaited else POLL_SECONDS)
            if self._journal.generation == self._generation:
                working_since = self._clock()
                self._take(records, stop)
                if self._aside is not None:
                    self._note_applied_aside(self._aside)
                stop.wait(self._pace.rest_seconds(working_since - waiting_since, self._clock() - working_since))
                self._tend(stop)
                self._attempts.failures = 0
        except Unavailable as error:
            self._attempts.back_off(error, self._wanted_until(stop))

    def _wanted_until(self, stop: Event) -> Callable[[], bool]:
        """Give what says whether what is tried now is still wanted: until a stop or a rebalance. Any thread may ask."""
        generation = self._journal.generation
        return lambda: not stop.is_set() and self._journal.generation == generation

    # -- partitions ------------------------------------------------------------

    def _place(self) -> None:
        """Find out where to read on in the partitions that are ours now."""
        generation, partitions = self._journal.generation, self._journal.partitions
        self._lanes, self._committed = {}, {}
        assignment = Assignment(partitions, self._journal.topic_id())
        stored = self._sink.assign(assignment)
        bounds = self._journal.bounds() if partitions else {}
        bookmarks = {} if self._sink.stores_positions else self._journal.bookmarks()
        lanes: dict[int, Lane] = {}
        for partition in partitions:
            first, end = bounds[partition]
            if self._sink.stores_positions:
                position = stored.get(partition, Position())
                bookmark = Bookmark(position.offset, position.next_inbox)
            else:
                bookmark = bookmarks.get(partition) or Bookmark(history_end=end)
            lanes[partition] = self._make_lane(partition, bookmark, first, end)
        if generation == self._journal.generation:
            self._lanes, self._generation, self._is_astray = lanes, generation, False
            self._assignment = assignment
            self._journal.place({partition: lane.next_offset for partition, lane in lanes.items()})
            if not self._sink.stores_positions:
                self._commit(wait=True)
            log.info("partitions_assigned", sink=self._name, partitions=list(partitions))

    def _make_lane(self, partition: int, bookmark: Bookmark, first: int, end: int) -> Lane:
        start = bookmark.offset + 1
        if start > end:
            complaint = (
                f"partition {partition} of the journal ends at offset {end}, but entry {bookmark.offset} of it was applied: "
                "the topic was made anew, or Kafka has lost records"
            )
            if self._attempts.failures < PATIENCE:
                raise Unavailable(complaint)
            raise BrokenChain(complaint)
        # Should the journal begin later than wanted, it may be that only void records are gone: the follower knows.
        return Lane(Follower(bookmark.position), bookmark.position, bookmark.history_end, max(start, first))

    # -- entries ---------------------------------------------------------------

    def _take(self, records: Sequence[JournalRecord], stop: Event) -> None:
        for batch, is_large in self._gather(records):
            if self._aside is not None and is_large:
                self._set_aside(self._aside, batch, stop)
            elif not self._deliver(batch, stop):
                self._is_astray = True  # the followers are ahead of what was applied
                break
        if records and not self._sink.stores_positions:
            self._commit(wait=True)
        elif self._clock() - self._last_commit > COMMIT_SECONDS:
            self._commit(wait=False)

    def _gather(self, records: Sequence[JournalRecord]) -> Iterator[tuple[Batch, bool]]:
        """Follow the chain; what comes before a record that breaks it is handed on first. A large entry comes alone (True)."""
        entries: list[JournalEntry] = []
        size = 0
        for record in records:
            if self._lanes[record.partition].is_aside:
                continue  # read again when that partition is placed again
            try:
                entry = self._offer(record)
                is_large = entry is not None and self._is_large(entry)
                if entry is not None and not is_large:
                    entry.decode(self._sink.sections)
            except BrokenChain:
                if entries:
                    yield self._make_batch(entries), False
                raise
            size += len(record.value or b"")
            if entry is not None and not is_large:
                entries.append(entry)
            if entries and (is_large or size >= BATCH_BYTES):
                yield self._make_batch(entries), False
                entries, size = [], 0
            if entry is not None and is_large:
                yield self._make_batch([entry]), True
        if entries:
            yield self._make_batch(entries), False

    def _offer(self, record: JournalRecord) -> JournalEntry | None:
        lane = self._lanes[record.partition]
        try:
            verdict = lane.follower.offer_bytes(record.offset, record.value)
        except BrokenChain as error:
            raise BrokenChain(f"partition {record.partition}: {error}") from error
        lane.next_offset = record.offset + 1
        match verdict:
            case Accepted(parts, position):
                lane.is_between_parts = False
                return JournalEntry(record.partition, position, parts, record.offset < lane.history_end)
            case Pending():
                lane.is_between_parts = True
            case Void(reason, kind):
                metrics.VOID.labels(self._name, kind).inc()
                log.info("record_void", sink=self._name, partition=record.partition, offset=record.offset, reason=reason)
        return None

    def _make_batch(self, entries: Sequence[JournalEntry]) -> Batch:
        after = {entry.partition: entry.position for entry in entries}
        before = {partition: self._lanes[partition].applied for partition in after}
        return Batch(tuple(entries), before, after)

    def _deliver(self, batch: Batch, stop: Event) -> bool:
        """Deliver until it works out; False: given up, nothing of it may be taken for applied."""
        is_applied = self._attempts.deliver(self._sink.deliver, batch, self._wanted_until(stop))
        if is_applied:
            self._note_applied(batch)
        return is_applied

    def _note_applied(self, batch: Batch) -> None:
        for partition, position in batch.after.items():
            self._lanes[partition].applied = position

    # -- large entries ---------------------------------------------------------

    def _is_large(self, entry: JournalEntry) -> bool:
        return self._aside is not None and len(entry.parts) > 1 and entry.guess_alerts() > LARGE_ENTRY

    def _set_aside(self, aside: Aside, batch: Batch, stop: Event) -> None:
        """Have a large entry applied while the other partitions are read on."""
        assert self._assignment is not None
        (partition,) = batch.after
        self._lanes[partition].is_aside = True
        self._journal.set_aside(partition)
        aside.start(batch, self._assignment, self._wanted_until(stop))

    def _note_applied_aside(self, aside: Aside) -> None:
        """Read partitions on whose large entry is applied; after a rebalance the stored positions say where they are."""
        for batch, is_applied in aside.take_finished():
            (partition,) = batch.after
            lane = self._lanes.get(partition)
            if lane is None or not lane.is_aside or self._generation != self._journal.generation:
                continue
            if not is_applied:
                self._is_astray = True
                continue
            self._note_applied(batch)
            lane.is_aside = False
            self._journal.place({partition: lane.next_offset})

    # -- time ------------------------------------------------------------------

    def _tend(self, stop: Event) -> None:
        if self._clock() - self._last_tend > TEND_SECONDS:
            self._last_tend = self._clock()
            for partition, count in self._journal.lag().items():
                metrics.LAG.labels(self._name, str(partition)).set(count)
            try:
                self._sink.tend()
            except NotTaken as error:
                self._is_astray = True
                self._attempts.back_off_from_kafka("tend", error, self._wanted_until(stop))
            else:
                self._attempts.taken("tend")

    def _commit(self, wait: bool) -> None:
        self._last_commit = self._clock()
        bookmarks = {partition: lane.bookmark() for partition, lane in self._lanes.items()}
        changed = {partition: bookmark for partition, bookmark in bookmarks.items() if self._committed.get(partition) != bookmark}
        if changed and self._journal.generation == self._generation and self._journal.commit(changed, wait):
            self._committed |= changed
