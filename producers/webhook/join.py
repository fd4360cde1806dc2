"""Joining the batches of many requests, of all projects of a partition, into one inbox record (DESIGN, "Frames are the speed").

Not here: the broker (`producers/inbox.py`), how long a request waits and what is sent again (`publish.py`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Literal, Protocol

import msgspec

from producers.oversize import Answer, is_written
from producers.webhook import metrics
from producers.webhook.cut import MAX_RECORD_BYTES, Piece
from producers.webhook.frame_body import encode_written
from schemas.records import AlertBatch

LINGER_SECONDS = 0.005
"""How long the first batch of a frame waits for others; each request pays it, each record costs the worker about 100 µs."""
HEAD_BYTES = 128
"""At most what a frame takes besides its batches: the schema's name, lengths, and the `events` header of one project."""
Sending = asyncio.Future[Answer]
Became = Literal["written", "too large", "unknown"]
"""Of a batch: Kafka has it; Kafka refused its record for the size, so that it was not written; not acknowledged."""
Written = asyncio.Future[Became]


class Inbox(Protocol):
    """Where frames go."""

    def send(self, partition: int, value: bytes, events: bytes) -> Sending:
        """Send one record without blocking; the records of one partition stay in the order of the calls.

        The future is None when the broker did not acknowledge it, which does not mean that it was not written.
        """
        ...

    @property
    def room_bytes(self) -> int:
        """How large the value and the header of a record may be, as far as is known."""
        ...

    async def ask_room(self) -> int | None:
        """Ask the broker how large they may be; None when it does not tell."""
        ...

    @property
    def oversize_reason(self) -> str:
        """Say what is wrong with a record that is larger."""
        ...


class Joiner:
    """Gathers the batches of one partition; used from the event loop alone."""

    def __init__(self, partition: int, inbox: Inbox) -> None:
        self._partition = partition
        self._inbox = inbox
        self._pieces: list[tuple[Piece, Written]] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, piece: Piece, alone: bool = False) -> Written:
        """Take a batch, into a record of its own if `alone`; the future tells what became of its record."""
        loop = asyncio.get_running_loop()
        most_bytes = min(MAX_RECORD_BYTES, self._inbox.room_bytes - HEAD_BYTES)
        if alone or self._bytes + piece.size > most_bytes:
            self.flush()
        done: Written = loop.create_future()
        self._pieces.append((piece, done))
        self._bytes += piece.size
        if alone or self._bytes >= most_bytes:
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
        value = encode_written([(piece.batch, piece.events) for piece, _ in pieces])
        metrics.FRAMES.inc()
        metrics.FRAME_BYTES.inc(len(value))
        sent = self._inbox.send(self._partition, value, events_header(batches))
        sent.add_done_callback(lambda sent: _settle(pieces, sent))


def _settle(pieces: list[tuple[Piece, Written]], sent: Sending) -> None:
    answer = None if sent.cancelled() else sent.result()
    became: Became = "written" if is_written(answer) else "unknown" if answer is None else "too large"
    for _, done in pieces:
        if not done.done():
            done.set_result(became)


def events_header(batches: list[AlertBatch]) -> bytes:
    """Count the events of a frame by project, refusals included."""
    counts: Counter[str] = Counter()
    for batch in batches:
        counts[batch.project] += len(batch.events) + len(batch.refusals)
    return msgspec.json.encode(dict(counts))
