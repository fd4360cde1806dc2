"""The sink that checks that nothing vanishes: what the inbox received against what the chain says became of it.

It never believes the worker about what was received: it counts the frames' own headers. Not here: the sums (`book.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import structlog

from schemas.chain import Position
from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import read_events_header
from sinks.ledger import metrics
from sinks.ledger.book import EVENT_OUTCOMES, Book, difference
from sinks.ledger.inbox import LINGER_SECONDS, Inbox, KafkaInbox
from sinks.ledger.store import BookStore, open_topic
from sinks.sink import Assignment, Batch, NotTaken, Section, Superseded

log = structlog.get_logger()
POLL_SECONDS = 0.25
PATIENCE_SECONDS = 10.0
"""How long the frames that an entry covers may fail to come: they were there before it was written."""
STUCK_SECONDS = 60.0
"""The worker covers at the latest after 30 s what changes nothing; events change something."""
POLLS_AT_ONCE = 20


class LedgerSink:
    """See `sinks.sink.Sink`. The books are written about once a second: a restart counts on from the last written ones."""

    sections: frozenset[Section] = frozenset({"outcomes"})
    stores_positions = True
    takes_all_partitions = True
    linger_seconds = LINGER_SECONDS

    def __init__(self, store: BookStore, inbox: Inbox, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._inbox = inbox
        self._clock = clock
        self._books: dict[int, Book] = {}
        self._pending_since: dict[int, float] = {}
        self._stuck: set[int] = set()
        self._told: dict[str, int] = {}
        self._must_load = False

    def assign(self, assignment: Assignment) -> Mapping[int, Position]:
        loaded = self._store.load(assignment.partitions)
        self._books = {partition: loaded.get(partition) or Book() for partition in assignment.partitions}
        self._pending_since, self._stuck, self._must_load = {}, set(), False
        self._inbox.place({partition: book.position.next_inbox for partition, book in self._books.items()})
        return {partition: book.position for partition, book in loaded.items()}

    def deliver(self, batch: Batch) -> None:
        if self._must_load:
            raise Superseded("the books could not be written; they are read anew")
        self._read_up_to(batch.after)
        for entry in batch.entries:
            book = self._books[entry.partition]
            if entry.position.offset > book.position.offset:
                book.cover(entry.position, entry.outcomes)
                self._pending_since.pop(entry.partition, None)

    def tend(self) -> None:
        """Read what the chain does not cover yet, write the books, show them, and raise the alarm if it is due."""
        for _ in range(POLLS_AT_ONCE):
            if not self._read(0.0):
                break
        self._look_for_stuck()
        self._show()
        if not self._must_load:
            self._save()

    def close(self) -> None:
        self._inbox.close()
        self._store.close()

    def _read_up_to(self, after: Mapping[int, Position]) -> None:
        deadline = self._clock() + PATIENCE_SECONDS
        while any(self._books[partition].read_to < position.next_inbox for partition, position in after.items()):
            if not self._read(POLL_SECONDS) and self._clock() > deadline:
                raise Unavailable("the inbox does not give the frames that the journal covers")

    def _read(self, seconds: float) -> bool:
        frames = self._inbox.poll(seconds)
        for frame in frames:
            self._books[frame.partition].receive(frame.offset, read_events_header(frame.headers))
        return bool(frames)

    def _save(self) -> None:
        """Write the books. When another process has, the next entry makes the reader ask where they stand."""
        try:
            self._store.save(self._books, self._stuck)
        except NotTaken:
            raise
        except Superseded as error:
            log.warning("books_not_written", reason=str(error))
            self._must_load = True

    # -- the alarm -------------------------------------------------------------

    def _look_for_stuck(self) -> None:
        """Find partitions whose pending events the worker has passed without a word; one that is behind has only lag."""
        now = self._clock()
        waiting = {number: offset for number, book in self._books.items() if (offset := book.oldest_pending()) is not None}
        self._pending_since = {number: self._pending_since.get(number, now) for number in waiting}
        late = {number for number, since in self._pending_since.items() if now - since > STUCK_SECONDS}
        committed = self._inbox.committed() if late else {}
        stuck = {number for number in late if committed.get(number, 0) > waiting[number]}
        for number in sorted(stuck - self._stuck):
            log.error("ledger_pending_stuck", partition=number, offset=waiting[number], pending=self._books[number].pending())
        self._stuck = stuck

    def _show(self) -> None:
        different = {}
        for book in self._books.values():
            pending = book.pending()
            for project in {**book.accounts, **pending}:
                account = book.accounts.get(project, {})
                for what in ("received", *EVENT_OUTCOMES):
                    metrics.EVENTS.labels(project, what).set(account.get(what, 0))
                metrics.EVENTS.labels(project, "pending").set(pending.get(project, 0))
                metrics.DIFFERENCE.labels(project).set(difference(account))
                if difference(account):
                    different[project] = account
        self._raise_alarm(different)
        self._show_words()

    def _show_words(self) -> None:
        metrics.UNKNOWN_STATUS.clear()
        for book in self._books.values():
            for name, known in book.words.items():
                project, _, integration = name.partition("/")
                for word, one in known.items():
                    metrics.UNKNOWN_STATUS.labels(project, integration, word).set(one.count)

    def _raise_alarm(self, different: Mapping[str, Mapping[str, int]]) -> None:
        metrics.ALARM.labels("difference").set(bool(different))
        metrics.ALARM.labels("pending").set(bool(self._stuck))
        found = {project: difference(account) for project, account in different.items()}
        for project in found:
            if self._told.get(project) != found[project]:
                log.error("ledger_disagreed", project=project, difference=found[project], **different[project])
        self._told = found


def build(settings: Settings) -> LedgerSink:
    return LedgerSink(BookStore(open_topic(settings)), KafkaInbox(settings))
