"""The one reader of all sinks: follows the chain in each partition, hands accepted entries on in batches, tries again.

Whether an entry counts is decided by `schemas/chain.py` alone. Not here: Kafka (`journal.py`), what a sink does
(`sink.py` is the contract).
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
from sinks.bookmark import Bookmark
from sinks.journal import JournalRecord
from sinks.pace import Pace
from sinks.sink import Assignment, Batch, JournalEntry, Sink, Superseded

log = structlog.get_logger()
POLL_SECONDS = 0.25
"""How long at most until a signal to stop is seen; records wake the reader at once."""
BATCH_BYTES = 1024 * 1024
"""Of journal records in one batch, about; one entry may exceed it. Some 20,000 repeats: applied in well under 5 s."""
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.1, 10.0
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

    def bookmark(self) -> tuple[int, Bookmark]:
        """Give what to commit: the offset to read next, never one between two parts, nor beyond what was applied."""
        is_ahead = self.is_between_parts or self.follower.position != self.applied
        next_offset = self.applied.offset + 1 if is_ahead else self.next_offset
        return next_offset, Bookmark(self.applied.offset, self.applied.next_inbox, self.history_end)


class Reader:
    """Reads for one sink until told to stop. Not to be used again after `run`."""

    def __init__(self, name: str, sink: Sink, journal: Journal, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._sink = sink
        self._journal = journal
        self._clock = clock
        self._generation = 0
        self._is_astray = False
        self._lanes: dict[int, Lane] = {}
        self._failures = 0
        self._pace = Pace()
        self._last_commit = self._last_tend = clock()
        self._committed: dict[int, tuple[int, Bookmark]] = {}

    @property
    def is_ready(self) -> bool:
        """Whether it stands where its partitions are and the last thing it tried worked; may be asked from any thread."""
        return 0 < self._generation == self._journal.generation and self._failures == 0

    def run(self, stop: Event) -> None:
        """Block until `stop` is set; the batch in hand is finished, committed, and the group left.

        Raises `BrokenChain` and any error of the sink's but `Unavailable`: what was applied before it stays so.
        """
        try:
            while not stop.is_set():
                self._run_round(stop)
        finally:
            self._commit(wait=True)
            self._journal.close()
            self._sink.close()

    def _run_round(self, stop: Event) -> None:
        try:
            if not self._journal.is_rebalancing and (self._is_astray or self._journal.generation != self._generation):
                self._place()
            waiting_since = self._clock()
            records = self._journal.poll(POLL_SECONDS)
            if self._journal.generation == self._generation:
                working_since = self._clock()
                self._take(records, stop)
                stop.wait(self._pace.rest_seconds(working_since - waiting_since, self._clock() - working_since))
                self._tend()
                self._failures = 0
        except Unavailable as error:
            self._back_off(error, stop)

    # -- partitions ------------------------------------------------------------

    def _place(self) -> None:
        """Find out where to read on in the partitions that are ours now."""
        generation, partitions = self._journal.generation, self._journal.partitions
        self._lanes, self._committed = {}, {}
        stored = self._sink.assign(Assignment(partitions, self._journal.topic_id()))
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
            if self._failures < PATIENCE:
                raise Unavailable(complaint)
            raise BrokenChain(complaint)
        # Should the journal begin later than wanted, it may be that only void records are gone: the follower knows.
        return Lane(Follower(bookmark.position), bookmark.position, bookmark.history_end, max(start, first))

    # -- entries ---------------------------------------------------------------

    def _take(self, records: Sequence[JournalRecord], stop: Event) -> None:
        for batch in self._gather(records):
            if not self._deliver(batch, stop):
                self._is_astray = True  # the followers are ahead of what was applied
                break
        if records and not self._sink.stores_positions:
            self._commit(wait=True)
        elif self._clock() - self._last_commit > COMMIT_SECONDS:
            self._commit(wait=False)

    def _gather(self, records: Sequence[JournalRecord]) -> Iterator[Batch]:
        """Follow the chain; what comes before a record that breaks it is handed on first."""
        entries: list[JournalEntry] = []
        size = 0
        for record in records:
            try:
                entry = self._offer(record)
            except BrokenChain:
                if entries:
                    yield self._make_batch(entries)
                raise
            size += len(record.value or b"")
            if entry is not None:
                entries.append(entry)
            if entries and size >= BATCH_BYTES:
                yield self._make_batch(entries)
                entries, size = [], 0
        if entries:
            yield self._make_batch(entries)

    def _offer(self, record: JournalRecord) -> JournalEntry | None:
        lane = self._lanes[record.partition]
        try:
            verdict = lane.follower.offer_bytes(record.offset, record.value)
        except BrokenChain as error:
            raise BrokenChain(f"partition {record.partition}: {error}") from error
        lane.next_offset = record.offset + 1
        match verdict:
            case Accepted(parts, position):
                entry = JournalEntry(record.partition, position, parts, record.offset < lane.history_end)
                entry.decode(self._sink.sections)
                lane.is_between_parts = False
                return entry
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
        while not stop.is_set() and self._journal.generation == self._generation:
            try:
                with metrics.BATCH_SECONDS.labels(self._name).time():
                    self._sink.deliver(batch)
            except Unavailable as error:
                self._back_off(error, stop)
                continue
            except Superseded as error:
                metrics.SUPERSEDED.labels(self._name).inc()
                log.warning("batch_superseded", sink=self._name, reason=str(error))
                return False
            self._failures = 0
            for partition, position in batch.after.items():
                self._lanes[partition].applied = position
            metrics.ENTRIES.labels(self._name).inc(len(batch.entries))
            return True
        return False

    # -- time ------------------------------------------------------------------

    def _back_off(self, error: Unavailable, stop: Event) -> None:
        seconds = min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0**self._failures)
        self._failures += 1
        metrics.RETRIES.labels(self._name).inc()
        log.warning("attempt_failed", sink=self._name, error=str(error), again_in_seconds=seconds)
        deadline = self._clock() + seconds
        generation = self._journal.generation
        while not stop.is_set() and self._journal.generation == generation and (left := deadline - self._clock()) > 0:
            self._journal.hold(min(left, POLL_SECONDS))

    def _tend(self) -> None:
        if self._clock() - self._last_tend > TEND_SECONDS:
            self._last_tend = self._clock()
            for partition, count in self._journal.lag().items():
                metrics.LAG.labels(self._name, str(partition)).set(count)
            self._sink.tend()

    def _commit(self, wait: bool) -> None:
        self._last_commit = self._clock()
        bookmarks = {partition: lane.bookmark() for partition, lane in self._lanes.items()}
        changed = {partition: bookmark for partition, bookmark in bookmarks.items() if self._committed.get(partition) != bookmark}
        if changed and self._journal.generation == self._generation and self._journal.commit(changed, wait):
            self._committed |= changed
