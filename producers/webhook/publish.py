"""Making a request durable: its batches to their partition's joiner, and how long it waits for the broker.

A frame holds the batches of many requests. When Kafka refuses one for its size, each request sends its own part again, alone
and cut to what Kafka takes: so an alert that is too large costs its neighbours nothing but time. Not here: joining (`join.py`),
cutting (`fit.py`), the broker (`producers/inbox.py`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Coroutine, Sequence
from contextlib import suppress

from producers.webhook import metrics
from producers.webhook.counted import Counted
from producers.webhook.cut import MAX_RECORD_BYTES, Cutter, Piece
from producers.webhook.fit import Fitted, fit
from producers.webhook.formats.parsed import Slice, Taken
from producers.webhook.join import HEAD_BYTES, Became, Inbox, Joiner, Written
from producers.webhook.limits import size_text
from producers.webhook.refused import NotDurable, TooLarge
from schemas.limits import MEBIBYTE
from schemas.over_limit import count_over
from schemas.records import Refusal
from schemas.topics import partition_of

PATIENCE_SECONDS = 5.0
"""Shorter than the producer's own delivery timeout (120 s), which must stay long: STACK, kafka-python rule 1."""
ATTEMPTS = 4
"""The limit may have changed since it was asked for; and where Kafka does not tell it, what is joined is tried one by one."""
MAX_AHEAD = 4
"""Batches of one large request that wait for the broker: about 2 MiB, which hides its latency."""


class Publisher:
    """Writes batches to the inbox; used from the event loop alone."""

    def __init__(
        self, inbox: Inbox, partitions: int, patience_seconds: float = PATIENCE_SECONDS, max_waiting_bytes: int = 64 * MEBIBYTE
    ) -> None:
        self._inbox = inbox
        self._joiners = [Joiner(partition, inbox) for partition in range(partitions)]
        self._patience_seconds = patience_seconds
        self._max_waiting_bytes = max_waiting_bytes
        self.unacknowledged_bytes = 0

    async def publish(self, pieces: Sequence[Piece]) -> list[Refusal]:
        """Return when the broker has all batches of a request; give the elements that Kafka never takes for their size.

        Raises `NotDurable` when the queue is full (then nothing was written), or when the broker did not acknowledge
        in time (then it may still have been, wholly or in part); `TooLarge` when Kafka takes none of its alerts.
        """
        self._check_queue(sum(piece.size for piece in pieces))
        return await self._patiently(self._publish(pieces))

    async def publish_slowly(self, cutter: Cutter, slices: AsyncIterable[Slice], max_listed: int) -> Taken:
        """Make a large request durable slice by slice, as `publish` does; of its refusals at most so many are listed.

        No more than `MAX_AHEAD` batches wait for the broker, so that memory holds no more of it than these. Where Kafka takes
        none of its alerts, all are refused one by one: parts of it are written by then.
        """
        self._check_queue(MAX_RECORD_BYTES)
        has_learnt_room = False
        waiting: deque[tuple[Piece, Written]] = deque()
        counted = Counted(max_listed)
        async for made in slices:
            counted.add(made)
            for piece in cutter.add(made, self._most_bytes):
                if not has_learnt_room:
                    has_learnt_room = await self._learn_room()
                counted.lose(await self._send_after(waiting, piece))
            while len(waiting) > MAX_AHEAD:
                counted.lose(await self._patiently(self._finish_first(waiting)))
        for piece in cutter.end():
            counted.lose(await self._send_after(waiting, piece))
        counted.lose(await self._patiently(self._finish(waiting)))
        return counted.taken()

    @property
    def _most_bytes(self) -> int:
        return min(MAX_RECORD_BYTES, self._inbox.room_bytes - HEAD_BYTES)

    async def _learn_room(self) -> bool:
        """Ask how much Kafka takes before a large request is cut: to cut it anew would take longer than senders wait."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_seconds):
                await self._inbox.ask_room()
        return True

    async def _send_after(self, waiting: deque[tuple[Piece, Written]], piece: Piece) -> list[Refusal]:
        """Send a batch after those that wait; one that is known to be too large when these are written, so that order is kept."""
        if piece.size <= self._most_bytes or self._inbox.room_bytes > MAX_RECORD_BYTES + HEAD_BYTES:
            waiting.append((piece, self.begin(piece)))
            return []
        refused = await self._patiently(self._finish(waiting))
        return refused + await self._patiently(self._send_again([piece]))

    def begin(self, piece: Piece, alone: bool = False) -> Written:
        """Send a batch, in a record of its own if `alone`; the future tells what became of it."""
        self._count(piece.size)
        joiner = self._joiners[partition_of(piece.batch.project, len(self._joiners))]
        done = joiner.add(piece, alone)
        done.add_done_callback(lambda _: self._count(-piece.size))
        return done

    def flush(self) -> None:
        """Send what waits for company, now."""
        for joiner in self._joiners:
            joiner.flush()

    def _check_queue(self, size: int) -> None:
        if self.unacknowledged_bytes and self.unacknowledged_bytes + size > self._max_waiting_bytes:
            count_over("max_unacknowledged_bytes")
            raise NotDurable(
                f"The queue to Kafka is full ({size_text(self._max_waiting_bytes)}) and nothing of this request was written. "
                "Send it again a little later."
            )

    async def _patiently(self, doing: Coroutine[None, None, list[Refusal]]) -> list[Refusal]:
        try:
            async with asyncio.timeout(self._patience_seconds):
                return await doing
        except TimeoutError:
            raise _unknown() from None

    async def _finish_first(self, waiting: deque[tuple[Piece, Written]]) -> list[Refusal]:
        """Wait for the oldest of these batches; when it was not written, for all of them, as `_finish` does."""
        await asyncio.wait((waiting[0][1],))
        if waiting[0][1].result() != "written":
            return await self._finish(waiting)
        waiting.popleft()
        return []

    async def _finish(self, waiting: deque[tuple[Piece, Written]]) -> list[Refusal]:
        """Wait for all of these batches, and send those that are too large again in another form."""
        if waiting:
            await asyncio.wait([done for _, done in waiting])
        left = _left([piece for piece, _ in waiting], [done.result() for _, done in waiting])
        waiting.clear()
        return await self._send_again(left)

    async def _publish(self, pieces: Sequence[Piece]) -> list[Refusal]:
        events = sum(len(piece.batch.events) for piece in pieces)
        if all(piece.size + HEAD_BYTES <= self._inbox.room_bytes for piece in pieces):
            pieces = _left(pieces, await self._write(pieces))
        return await self._send_again(pieces, events)

    async def _send_again(self, pieces: Sequence[Piece], events: int | None = None) -> list[Refusal]:
        """Send pieces that are too large until all that fits is written; give what never will be.

        Raises `TooLarge` where that is all of so many `events`, before it is written that they are refused.
        """
        was_alone, refusals = False, list[Refusal]()
        for _ in range(ATTEMPTS):
            if not pieces:
                return refusals
            fitted = await self._fit(pieces, was_alone)
            refusals += fitted.refusals
            if events and events == len(refusals):
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
        waiting = [self.begin(piece, alone) for piece in pieces]
        if waiting:
            await asyncio.wait(waiting)  # not `gather`: what nobody waits for any more still counts as unacknowledged
        return [done.result() for done in waiting]

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
