"""Joining the batches of many requests, of all projects of a partition, into one inbox record (DESIGN, "Frames are the speed").

Not here: the broker (`producers/inbox.py`), and how long a request waits (`publish.py`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Protocol

import msgspec

from producers.connect import Metadata
from producers.webhook import metrics
from producers.webhook.cut import MAX_RECORD_BYTES, Piece
from producers.webhook.frame_body import encode_frame
from schemas.records import AlertBatch

LINGER_SECONDS = 0.005
"""How long the first batch of a frame waits for others; each request pays it, each record costs the worker about 100 µs."""


Sending = asyncio.Future[Metadata | None]


class Inbox(Protocol):
    """Where frames go."""

    def send(self, partition: int, value: bytes, events: bytes) -> Sending:
        """Send one record without blocking; the records of one partition stay in the order of the calls.

        The future is None when the broker did not acknowledge it, which does not mean that it was not written.
        """
        ...


class Joiner:
    """Gathers the batches of one partition; used from the event loop alone."""

    def __init__(self, partition: int, inbox: Inbox) -> None:
        self._partition = partition
        self._inbox = inbox
        self._pieces: list[tuple[Piece, asyncio.Future[bool]]] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, piece: Piece) -> asyncio.Future[bool]:
        """Take a batch; the future tells whether its record was acknowledged."""
        loop = asyncio.get_running_loop()
        if self._bytes + piece.size > MAX_RECORD_BYTES:
            self.flush()
        done: asyncio.Future[bool] = loop.create_future()
        self._pieces.append((piece, done))
        self._bytes += piece.size
        if self._bytes >= MAX_RECORD_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = loop.call_later(LINGER_SECONDS, self.flush)
        return done

    def flush(self) -> None:
        """Send what was gathered, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pieces:
            return
        pieces, self._pieces, self._bytes = self._pieces, [], 0
        batches = [piece.batch for piece, _ in pieces]
        value = encode_frame(batches)
        metrics.FRAMES.inc()
        metrics.FRAME_BYTES.inc(len(value))
        sent = self._inbox.send(self._partition, value, events_header(batches))
        sent.add_done_callback(lambda sent: _settle(pieces, sent))


def _settle(pieces: list[tuple[Piece, asyncio.Future[bool]]], sent: Sending) -> None:
    is_acknowledged = not sent.cancelled() and sent.result() is not None
    for _, done in pieces:
        if not done.done():
            done.set_result(is_acknowledged)


def events_header(batches: list[AlertBatch]) -> bytes:
    """Count the events of a frame by project, refusals included."""
    counts: Counter[str] = Counter()
    for batch in batches:
        counts[batch.project] += len(batch.events) + len(batch.refusals)
    return msgspec.json.encode(dict(counts))
