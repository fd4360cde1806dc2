"""Cutting one request into batches that each fit into an inbox record.

Not here: joining the batches of many requests (`join.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from producers.webhook.door import Door
from producers.webhook.formats.parsed import Parsed, Slice
from producers.webhook.frame_body import write_event
from schemas.records import AlertBatch, AlertEvent, Refusal

MAX_RECORD_BYTES = 512 * 1024
"""DESIGN section 1: requests are cut into inbox records of at most this; one alert alone may exceed it."""
EVENT_BYTES = 160
"""At most what an event takes besides what `_size_of` counts: fingerprint, identity, times, flags, lengths."""
WORDS_BYTES = 1024
"""At most what the reason of an end takes, or a status without a meaning: three times 75 characters of any script."""
BATCH_BYTES = 80


@dataclass(frozen=True, slots=True)
class Piece:
    """A batch, and about how many bytes it will take."""

    batch: AlertBatch
    size: int
    events: Sequence[bytes] | None = None
    """The batch's events as they are written, where that was done already."""


@dataclass(frozen=True, slots=True)
class Origin:
    """When a door had a whole request, in milliseconds by its own clock, and a digest of who sent it (see `AlertBatch`)."""

    received_at: int | None = None
    source: str = ""


class Cutter:
    """Cuts one request as it comes, slice by slice: the first events first, the refusals of a slice after its events.

    `of_request` is a batch of it with neither events nor refusals.
    """

    def __init__(self, of_request: AlertBatch) -> None:
        self._of_request = of_request
        self._head = _head_size(of_request)
        self._events: list[AlertEvent] = []
        self._written: list[bytes] = []
        """The same: a large batch written in one go would take others' time."""
        self._refusals: list[Refusal] = []
        self._size = self._head
        self._pieces = 0
        self._most_bytes = MAX_RECORD_BYTES

    def add(self, made: Slice, most_bytes: int = MAX_RECORD_BYTES) -> Iterator[Piece]:
        """Take a slice; give the batches that are full, of at most so many bytes."""
        self._most_bytes = most_bytes
        size = _size_of(made.events, made.refusals)
        if self._size + size <= most_bytes:  # all but one slice in many
            self._events += made.events
            self._written += map(write_event, made.events)
            self._refusals += made.refusals
            self._size += size
            return
        for event in made.events:
            yield from self._make_room(_event_size(event))
            self._events.append(event)
            self._written.append(write_event(event))
        for refusal in made.refusals:
            yield from self._make_room(_refusal_size(refusal))
            self._refusals.append(refusal)

    def end(self) -> Iterator[Piece]:
        """Give what is left; of nothing an empty batch, which says that its sender lives."""
        if self._size > self._head or not self._pieces:
            yield self._cut()

    def _make_room(self, size: int) -> Iterator[Piece]:
        if self._size > self._head and self._size + size > self._most_bytes:
            yield self._cut()
        self._size += size

    def _cut(self) -> Piece:
        batch = replace(self._of_request, events=self._events, refusals=self._refusals)
        piece = Piece(batch, self._size, self._written)
        self._events, self._written, self._refusals, self._size = [], [], [], self._head
        self._pieces += 1
        return piece


def batch_of(door: Door, receipt: str, parsed: Parsed, origin: Origin = Origin()) -> AlertBatch:
    """Make one batch of what was parsed of a request; of a large one nothing was yet."""
    return AlertBatch(
        project=door.project,
        integration=door.integration,
        format=parsed.format,
        default_severity=door.default_severity,
        receipt=receipt,
        total=parsed.total,
        events=parsed.events,
        refusals=parsed.refusals,
        received_at=origin.received_at,
        source=origin.source,
    )


def cut_request(door: Door, receipt: str, parsed: Parsed, origin: Origin = Origin()) -> list[Piece]:
    """Cut a request that was made whole; most are one batch."""
    batch = batch_of(door, receipt, parsed, origin)
    size = _head_size(batch) + _size_of(parsed.events, parsed.refusals)
    if size <= MAX_RECORD_BYTES:
        return [Piece(batch, size)]
    cutter = Cutter(replace(batch, events=[], refusals=[]))
    return [*cutter.add(Slice(parsed.events, parsed.refusals)), *cutter.end()]


def _head_size(batch: AlertBatch) -> int:
    return BATCH_BYTES + len(batch.project) + len(batch.integration) + len(batch.receipt) + len(batch.source)


def _size_of(events: Iterable[AlertEvent], refusals: Iterable[Refusal]) -> int:
    return sum(map(_event_size, events)) + sum(map(_refusal_size, refusals))


def _event_size(event: AlertEvent) -> int:
    has_words = event.end_reason is not None or event.unknown_status is not None
    return EVENT_BYTES + len(event.content) + len(event.payload) + WORDS_BYTES * has_words


def _refusal_size(refusal: Refusal) -> int:
    return EVENT_BYTES + len(refusal.reason.encode())
