"""One partition's life on Kafka: recovers its writer, hands it records, writes its entries, and begins anew when it must.

Knows the rules of DESIGN section 1 about writing, and neither Faust nor Kafka's clients: another runtime can drive it.
Not here: what is decided (`partition.py`), and how logs are read and written (`recovery.py`, `kafka_logs.py`).
Over 300 lines, since reading, writing and beginning anew share one small state that is easier to trust in one place.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Literal

import structlog

from processors import measures
from processors.partition import MAX_EVENTS, InboxRecord, PartitionWriter
from processors.recovery import Logs, check_inbox, follow_journal
from schemas.errors import Unavailable

log = structlog.get_logger()

FIRST_BACK_OFF_SECONDS = 0.2
LONGEST_BACK_OFF_SECONDS = 5.0
MAX_DELIVERED = 128
"""Records that wait for their turn in one partition before other partitions must wait with them."""
STALLED_SECONDS = 5.0
"""An entry that takes longer may be refused for hours: until then its partition's records are left for later."""
LOOK_SECONDS = 0.5
QUIET_SECONDS = 10.0
"""Without a record for so long, although ticks come each second, the inbox itself is asked; a rebalance takes up to 7 s."""

Cause = Literal["assigned", "overtaken", "unavailable"]
"""Why a state is recovered: the partition came to us; somebody else has written; a write or a read failed."""


class PartitionDriver:
    """Drives one partition from `start` to `close`.

    Records come by `take`, in any order and with any left out or repeated: what is missing it reads itself.
    `on_failure` is called once, with the error that makes going on impossible; the driver has stopped by then.
    """

    def __init__(
        self, partition: int, logs: Logs, new_writer_id: Callable[[], str], on_failure: Callable[[BaseException], None]
    ) -> None:
        self.partition = partition
        self.covered = 0
        self._logs = logs
        self._new_writer_id = new_writer_id
        self._on_failure = on_failure
        self._writer: PartitionWriter | None = None
        self._journal_end = 0
        self._delivered: deque[InboxRecord] = deque()
        self._wanted = 0
        """The offset after the last one that was delivered or read."""
        self._aside: InboxRecord | None = None
        """What is being decided in a thread."""
        self._seen = 0
        self._sent_at: float | None = None
        self._moved_at = time.monotonic()
        self._is_behind = False
        self._is_resting = False
        self._is_closing = False
        self._is_dropped = False
        self._is_overtaken = False
        self._pulse = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # -- from outside ----------------------------------------------------------

    def start(self) -> None:
        """Begin the first recovery; `wait_until_ready` tells when it is done."""
        self._task = asyncio.create_task(self._live(), name=f"partition {self.partition}")

    async def wait_until_ready(self) -> None:
        """Wait until the state is recovered and `next_inbox` says where to read on."""
        while self._writer is None:
            await self._pulse.wait()

    @property
    def is_ready(self) -> bool:
        return self._writer is not None

    @property
    def next_inbox(self) -> int:
        """The inbox offset to be delivered next, once ready."""
        return self._wanted if self._writer else self.covered

    @property
    def is_behind(self) -> bool:
        """Whether it is recovering, or reading from the inbox by itself what was not delivered."""
        return self._writer is None or self._is_behind

    @property
    def undecided(self) -> int:
        """Records that were taken and not yet decided about."""
        return len(self._delivered) + (self._aside is not None)

    @property
    def _is_taking(self) -> bool:
        return not (self._is_resting or self._is_closing)

    @property
    def in_flight_seconds(self) -> float:
        return time.monotonic() - self._sent_at if self._sent_at is not None else 0.0

    async def take(self, record: InboxRecord) -> None:
        """Take a record as delivered, to be decided about in its turn; returns when there is room for the next.

        A record is dropped while the driver recovers, rests or closes (it will be read or delivered again), and waits
        while the driver reads what is missing before it; but not for long when no entry gets through, since the records
        of other partitions wait behind it.
        """
        while (writer := self._writer) is not None and self._is_taking and self._must_wait(record):
            if self.in_flight_seconds > STALLED_SECONDS:
                self._leave_for_later(record)
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._pulse.wait(), LOOK_SECONDS)
        if writer is None or not self._is_taking:
            self._seen = max(self._seen, record.offset + 1)
        elif not self._is_behind and record.offset > self._wanted:
            self.read_up_to(record.offset + 1)
        elif not self._is_behind and record.offset == self._wanted:
            self._wanted += 1
            self._delivered.append(record)
            self._stir()

    def _leave_for_later(self, record: InboxRecord) -> None:
        """Let a record go, to be read with those that follow it when the entry in flight is written."""
        self._seen = max(self._seen, record.offset + 1)
        self._is_behind = True
        self._stir()

    def _must_wait(self, record: InboxRecord) -> bool:
        return record.offset >= self._seen if self._is_behind else len(self._delivered) >= MAX_DELIVERED

    def read_up_to(self, stop: int) -> None:
        """Read by itself what is missing before `stop`, since it was not delivered."""
        if self._writer is None or self._is_behind or self._wanted >= stop:
            return
        measures.HOLES.inc()
        log.warning("hole_found", partition=self.partition, expected=self._wanted, got=stop - 1)
        self._seen = stop
        self._is_behind = True
        self._stir()

    async def catch_up_if_stalled(self) -> None:
        """Look whether the inbox goes on where nothing was delivered for long, and read it: delivery may have stopped.

        Ticks come each second, so that this asks the broker only when something is wrong.
        """
        quiet_seconds = time.monotonic() - self._moved_at
        if self._writer is None or self._is_behind or not self._is_taking or quiet_seconds < QUIET_SECONDS:
            return
        self._moved_at = time.monotonic()
        try:
            inbox = await self._logs.inbox_bounds()
        except Unavailable as error:
            log.warning("inbox_unreachable", partition=self.partition, reason=str(error))
        else:
            self.read_up_to(inbox.end)

    async def rest(self, seconds: float) -> None:
        """Write nothing new, and wait so long for the entry in flight: the partition may go to another worker."""
        self._is_resting = True
        self._stir()
        try:
            async with asyncio.timeout(seconds):
                while self._sent_at is not None:
                    await self._pulse.wait()
        except TimeoutError:
            log.warning("entry_left_in_flight", partition=self.partition, seconds=seconds)

    async def resume(self) -> None:
        """Go on after a rest: the partition stayed ours. Recovers anew if somebody else has written meanwhile.

        Raises `Unavailable`; the driver then rests on. Records are expected from `next_inbox` on.
        """
        if self._writer is not None and self._sent_at is None:
            journal = await self._logs.journal_bounds()
            self._is_overtaken = journal.end != self._journal_end
        if self._writer is not None and not self._is_behind:
            self._delivered.clear()
            self._wanted = self._writer.next_inbox if self._aside is None else self._aside.offset + 1
            self._seen = self._wanted
        self._is_resting = False
        self._stir()

    async def close(self, seconds: float) -> None:
        """Write all that has been decided, waiting so long for it, and stop."""
        self._is_closing = True
        self._stir()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=seconds)
        await self.drop()

    async def drop(self) -> None:
        """Stop as it is, writing nothing: the partition belongs to somebody else."""
        self._is_dropped = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    # -- one life after the other ----------------------------------------------

    async def _live(self) -> None:
        try:
            await self._live_on()
        except BaseException as error:  # noqa: BLE001 - the process's edge: whatever it is, the process ends with it
            if not self._is_dropped:  # else it is our own cancellation
                self._on_failure(error)

    async def _live_on(self) -> None:
        cause: Cause | None = "assigned"
        back_off_seconds = FIRST_BACK_OFF_SECONDS
        while cause is not None:
            try:
                writer = await self._recover(cause)
                back_off_seconds = FIRST_BACK_OFF_SECONDS
                cause = await self._work(writer)
            except Unavailable as error:
                if self._is_closing:
                    return
                log.warning("partition_interrupted", partition=self.partition, reason=str(error))
                cause = "unavailable"
                await asyncio.sleep(back_off_seconds)
                back_off_seconds = min(2 * back_off_seconds, LONGEST_BACK_OFF_SECONDS)

    async def _recover(self, cause: Cause) -> PartitionWriter:
        """Make a new writer at the end of the chain, and decide up to where the inbox is read without waiting for delivery."""
        started = time.monotonic()
        measures.RECOVERIES.labels(cause).inc()
        self._is_overtaken = False
        writer = PartitionWriter(self._new_writer_id())
        self._journal_end = await follow_journal(self._logs, writer)
        inbox = await self._logs.inbox_bounds()
        check_inbox(inbox, writer.next_inbox)
        self.covered = writer.next_inbox
        # Delivery can only be asked for from 1 on (`faust_patches.start_from`), and begins anew only at an assignment.
        self._seen = min(1, inbox.end) if cause == "assigned" else max(self._seen, inbox.end)
        seconds = time.monotonic() - started
        measures.RECOVERY_SECONDS.observe(seconds)
        log.info("partition_recovered", partition=self.partition, cause=cause, next_inbox=self.covered,
                 journal_end=self._journal_end, seconds=round(seconds, 3), writer=writer.writer_id)  # fmt: skip
        return writer

    async def _work(self, writer: PartitionWriter) -> Cause | None:
        """Write and read until it must begin anew (why), or was closed (None)."""
        self._writer = writer
        self._moved_at = time.monotonic()
        self._delivered.clear()
        self._wanted = writer.next_inbox
        self._is_behind = self._wanted < self._seen
        self._stir()
        try:
            return await _first_of(self._write(writer), self._decide_in_turn(writer))
        finally:
            self._writer = None
            self._sent_at = None
            self._stir()

    # -- writing ---------------------------------------------------------------

    async def _write(self, writer: PartitionWriter) -> Cause | None:
        while not self._is_overtaken:
            is_still = self._aside is None  # else the state is between two records
            may_write = is_still and (self._is_closing or not self._is_resting)
            if may_write and writer.settle_entry(at_once=self._is_closing):
                if not await self._send(writer, await self._seal(writer)):
                    return "overtaken"
            elif self._is_closing and is_still:
                return None
            else:
                await self._pulse.wait()
        return "overtaken"

    async def _seal(self, writer: PartitionWriter) -> list[bytes]:
        """Write what is settled; what takes long in a thread, so that other partitions go on."""
        self._sent_at = time.monotonic()  # as good as in flight: whoever rests waits for it
        return await asyncio.to_thread(writer.seal_entry) if writer.is_settled_large else writer.seal_entry()

    async def _send(self, writer: PartitionWriter, parts: list[bytes]) -> bool:
        """Write an entry; say whether it came where it was expected."""
        covered = writer.sealed_up_to
        offsets = [await self._logs.append(part) for part in parts]
        self._sent_at = None
        measures.PARTS.inc(len(parts))
        measures.ENTRY_BYTES.inc(sum(map(len, parts)))
        if not writer.acknowledged(offsets):
            log.warning("entry_overtaken", partition=self.partition, expected=self._journal_end, got=offsets)
            return False
        measures.ENTRIES.inc()
        self._journal_end = offsets[-1] + 1
        self.covered = covered
        self._stir()
        return True

    def _stir(self) -> None:
        """Wake all who wait for something to change; each looks whether it was what it waits for."""
        waited_for, self._pulse = self._pulse, asyncio.Event()
        waited_for.set()

    # -- deciding --------------------------------------------------------------

    async def _decide_in_turn(self, writer: PartitionWriter) -> None:
        """Decide about what was delivered, and read the inbox up to the last that was whenever records were not."""
        while True:
            if self._is_closing or not (self._delivered or self._is_behind):
                await self._pulse.wait()  # when closing what is decided is written, nothing more; this ends with the driver
            elif self._delivered:
                await self._decide(writer, self._delivered.popleft())
                await self._wait_for_room(writer)
            else:
                await self._read(writer, writer.next_inbox, self._seen)
                self._wanted = writer.next_inbox
                self._is_behind = self._wanted < self._seen
                self._stir()

    async def _decide(self, writer: PartitionWriter, record: InboxRecord) -> None:
        """Decide about a record; what may take long in a thread, so that other partitions go on."""
        if record.may_concern_many:
            self._aside = record
            try:
                decisions = await asyncio.to_thread(writer.take, record)
            finally:
                self._aside = None
        else:
            decisions = writer.take(record)
        self._moved_at = time.monotonic()
        self._stir()
        if decisions is not None:
            measures.RECORDS.inc()
            measures.EVENTS.inc(sum(len(outcome.events) for outcome in decisions.outcomes))
            for problem in decisions.problems:
                log.warning("record_problem", partition=self.partition, offset=record.offset, problem=problem)

    async def _wait_for_room(self, writer: PartitionWriter) -> None:
        await asyncio.sleep(0)
        while writer.pending_count >= MAX_EVENTS:
            await self._pulse.wait()

    async def _read(self, writer: PartitionWriter, start: int, stop: int) -> None:
        async for records in self._logs.read_inbox(start, stop):
            for record in records:
                await self._pass_over(writer, record.offset)
                await self._decide(writer, record)
                await self._wait_for_room(writer)
                while self._is_closing:
                    await self._pulse.wait()
        await self._pass_over(writer, stop)

    async def _pass_over(self, writer: PartitionWriter, stop: int) -> None:
        """Take offsets that hold no record (a transaction's marker) as records that cannot be decoded; never in silence."""
        if writer.next_inbox < stop:
            log.error("offsets_without_record", partition=self.partition, first=writer.next_inbox, next=stop)
        for offset in range(writer.next_inbox, stop):
            await self._decide(writer, InboxRecord(offset, 0, None))


async def _first_of(working: Coroutine[Any, Any, Cause | None], reading: Coroutine[Any, Any, None]) -> Cause | None:
    """Run both; give what the first returns, or raise what the first raises, with both ended."""
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(working), asyncio.create_task(reading)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()  # type: ignore[no-any-return]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
