"""Making a request durable: its batches to their partition's joiner, and how long it waits for the broker.

A frame holds the batches of many requests. When Kafka refuses one for its size, each request sends its own part again, alone
and cut to what Kafka takes: so an alert that is too large costs its neighbours nothing but time. Not here: joining (`join.py`),
cutting (`fit.py`), the broker (`producers/inbox.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from producers.webhook import metrics
from producers.webhook.cut import Piece
from producers.webhook.fit import Fitted, fit
from producers.webhook.join import HEAD_BYTES, Became, Inbox, Joiner
from producers.webhook.refused import NotDurable, TooLarge
from schemas.records import Refusal
from schemas.topics import partition_of

PATIENCE_SECONDS = 5.0
"""Shorter than the producer's own delivery timeout (120 s), which must stay long: STACK, kafka-python rule 1."""
MAX_UNACKNOWLEDGED_BYTES = 64 * 1024 * 1024
"""About two seconds of the fastest stream measured; more would only make senders wait and memory grow."""
ATTEMPTS = 4
"""The limit may have changed since it was asked for; and where Kafka does not tell it, what is joined is tried one by one."""


class Publisher:
    """Writes batches to the inbox; used from the event loop alone."""

    def __init__(self, inbox: Inbox, partitions: int, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._inbox = inbox
        self._joiners = [Joiner(partition, inbox) for partition in range(partitions)]
        self._patience_seconds = patience_seconds
        self.unacknowledged_bytes = 0

    async def publish(self, pieces: Sequence[Piece]) -> list[Refusal]:
        """Return when the broker has all batches of a request; give the elements that Kafka never takes for their size.

        Raises `NotDurable` when the queue is full (then nothing was written), or when the broker did not acknowledge
        in time (then it may still have been, wholly or in part); `TooLarge` when Kafka takes none of its alerts.
        """
        size = sum(piece.size for piece in pieces)
        if self.unacknowledged_bytes and self.unacknowledged_bytes + size > MAX_UNACKNOWLEDGED_BYTES:
            raise NotDurable("The queue to Kafka is full and nothing of this request was written. Send it again a little later.")
        try:
            async with asyncio.timeout(self._patience_seconds):
                return await self._publish(pieces)
        except TimeoutError:
            raise _unknown() from None

    def flush(self) -> None:
        """Send what waits for company, now."""
        for joiner in self._joiners:
            joiner.flush()

    async def _publish(self, pieces: Sequence[Piece]) -> list[Refusal]:
        events = sum(len(piece.batch.events) for piece in pieces)
        was_alone, refusals = False, list[Refusal]()
        if all(piece.size + HEAD_BYTES <= self._inbox.room_bytes for piece in pieces):
            pieces = _left(pieces, await self._write(pieces))
        for _ in range(ATTEMPTS):
            if not pieces:
                return refusals
            fitted = await self._fit(pieces, was_alone)
            refusals += fitted.refusals
            if 0 < events == len(refusals):
                raise TooLarge(f"This is {self._inbox.oversize_reason}. Nothing of it was written: shorten it.")
            pieces, was_alone = _left(fitted.pieces, await self._write(fitted.pieces, alone=True)), True
        raise _unknown()

    async def _fit(self, pieces: Sequence[Piece], was_alone: bool) -> Fitted:
        """Cut pieces anew; where Kafka does not tell its limit, first each is tried alone as it is."""
        room = await self._inbox.ask_room()
        if room is None and not was_alone:
            return Fitted(list(pieces))
        return await asyncio.to_thread(fit, pieces, room, self._inbox.oversize_reason)

    async def _write(self, pieces: Sequence[Piece], *, alone: bool = False) -> list[Became]:
        waiting = [self._add(piece, alone) for piece in pieces]
        if waiting:
            await asyncio.wait(waiting)  # not `gather`: what nobody waits for any more still counts as unacknowledged
        return [done.result() for done in waiting]

    def _add(self, piece: Piece, alone: bool) -> asyncio.Future[Became]:
        self._count(piece.size)
        joiner = self._joiners[partition_of(piece.batch.project, len(self._joiners))]
        done = joiner.add(piece, alone)
        done.add_done_callback(lambda _: self._count(-piece.size))
        return done

    def _count(self, size: int) -> None:
        self.unacknowledged_bytes += size
        metrics.UNACKNOWLEDGED_BYTES.set(self.unacknowledged_bytes)


def _left(pieces: Sequence[Piece], became: Sequence[Became]) -> list[Piece]:
    """Give what is to be sent again, in another form; raises `NotDurable` when that would be wrong or of no use."""
    left = [piece for piece, what in zip(pieces, became, strict=True) if what == "too large"]
    is_in_order = "written" not in became[became.index("too large") :] if left else True
    if "unknown" in became or not is_in_order:
        raise _unknown()
    return left


def _unknown() -> NotDurable:
    return NotDurable(
        "Kafka did not acknowledge in time. It may still have been written, wholly or in part: "
        "sending it again loses nothing, but may count events twice."
    )
