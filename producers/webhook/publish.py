"""Making a request durable: its batches to their partition's joiner, and how long it waits for the broker.

Not here: joining (`join.py`), the broker (`producers/inbox.py`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

from producers.webhook import metrics
from producers.webhook.cut import MAX_RECORD_BYTES, Cutter, Piece
from producers.webhook.formats.parsed import Slice, Taken
from producers.webhook.join import Inbox, Joiner
from producers.webhook.refused import NotDurable
from schemas.records import Refusal
from schemas.topics import partition_of

PATIENCE_SECONDS = 5.0
"""Shorter than the producer's own delivery timeout (120 s), which must stay long: STACK, kafka-python rule 1."""
MAX_UNACKNOWLEDGED_BYTES = 64 * 1024 * 1024
"""About two seconds of the fastest stream measured; more would only make senders wait and memory grow."""
MAX_AHEAD = 4
"""Batches of one large request that wait for the broker: about 2 MiB, which hides its latency."""


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
        self._check_queue(sum(piece.size for piece in pieces))
        await self._wait({self.begin(piece) for piece in pieces})

    async def publish_slowly(self, cutter: Cutter, slices: Iterable[Slice]) -> Taken:
        """Make a large request durable slice by slice, as `publish` does; others have their turn after each slice.

        No more than `MAX_AHEAD` batches wait for the broker, so that memory holds no more of it than these.
        """
        self._check_queue(MAX_RECORD_BYTES)
        waiting: deque[asyncio.Future[bool]] = deque()
        accepted = 0
        refusals: list[Refusal] = []
        for made in slices:
            accepted += len(made.events)
            refusals += made.refusals
            waiting.extend(map(self.begin, cutter.add(made)))
            while len(waiting) > MAX_AHEAD:
                await self._wait({waiting.popleft()})
            await asyncio.sleep(0)
        await self._wait({*waiting, *map(self.begin, cutter.end())})
        return Taken(accepted, refusals)

    def begin(self, piece: Piece) -> asyncio.Future[bool]:
        """Send a batch; the future tells whether the broker has it."""
        self._count(piece.size)
        done = self._joiners[partition_of(piece.batch.project, len(self._joiners))].add(piece)
        done.add_done_callback(lambda _: self._count(-piece.size))
        return done

    def flush(self) -> None:
        """Send what waits for company, now."""
        for joiner in self._joiners:
            joiner.flush()

    def _check_queue(self, size: int) -> None:
        if self.unacknowledged_bytes and self.unacknowledged_bytes + size > MAX_UNACKNOWLEDGED_BYTES:
            raise NotDurable("The queue to Kafka is full and nothing of this request was written. Send it again a little later.")

    async def _wait(self, waiting: set[asyncio.Future[bool]]) -> None:
        if not waiting:
            return
        done, late = await asyncio.wait(waiting, timeout=self._patience_seconds)
        if late or not all(future.result() for future in done):
            raise NotDurable(
                "Kafka did not acknowledge in time. It may still have been written, wholly or in part: "
                "sending it again loses nothing, but may count events twice."
            )

    def _count(self, size: int) -> None:
        self.unacknowledged_bytes += size
        metrics.UNACKNOWLEDGED_BYTES.set(self.unacknowledged_bytes)
