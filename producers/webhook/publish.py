"""Making a request durable: its batches to their partition's joiner, and how long it waits for the broker.

Not here: joining (`join.py`), the broker (`producers/inbox.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from producers.webhook import metrics
from producers.webhook.cut import Piece
from producers.webhook.join import Inbox, Joiner
from producers.webhook.refused import NotDurable
from schemas.topics import partition_of

PATIENCE_SECONDS = 5.0
"""Shorter than the producer's own delivery timeout (120 s), which must stay long: STACK, kafka-python rule 1."""
MAX_UNACKNOWLEDGED_BYTES = 64 * 1024 * 1024
"""About two seconds of the fastest stream measured; more would only make senders wait and memory grow."""


class Publisher:
    """Writes batches to the inbox; used from the event loop alone."""

    def __init__(self, inbox: Inbox, partitions: int, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._joiners = [Joiner(partition, inbox) for partition in range(partitions)]
        self._patience_seconds = patience_seconds
        self.unacknowledged_bytes = 0

    async def publish(self, pieces: Sequence[Piece]) -> None:
        """Return when the broker has all batches of a request.

        Raises `NotDurable` when the queue is full (then nothing was written), or when the broker did not acknowledge
        in time (then it may still have been, wholly or in part).
        """
        size = sum(piece.size for piece in pieces)
        if self.unacknowledged_bytes and self.unacknowledged_bytes + size > MAX_UNACKNOWLEDGED_BYTES:
            raise NotDurable("The queue to Kafka is full and nothing of this request was written. Send it again a little later.")
        waiting = {self._add(piece) for piece in pieces}
        if not waiting:
            return
        done, late = await asyncio.wait(waiting, timeout=self._patience_seconds)
        if late or not all(future.result() for future in done):
            raise NotDurable(
                "Kafka did not acknowledge in time. It may still have been written, wholly or in part: "
                "sending it again loses nothing, but may count events twice."
            )

    def flush(self) -> None:
        """Send what waits for company, now."""
        for joiner in self._joiners:
            joiner.flush()

    def _add(self, piece: Piece) -> asyncio.Future[bool]:
        self._count(piece.size)
        done = self._joiners[partition_of(piece.batch.project, len(self._joiners))].add(piece)
        done.add_done_callback(lambda _: self._count(-piece.size))
        return done

    def _count(self, size: int) -> None:
        self.unacknowledged_bytes += size
        metrics.UNACKNOWLEDGED_BYTES.set(self.unacknowledged_bytes)
