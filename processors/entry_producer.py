"""Writing to the journal, and what is done when Kafka refuses an entry.

The client is idempotent, and a record that is refused uses up its sequence number: of what its producer sends after it to that
partition everything is refused as out of order (STACK, aiokafka). So each refusal ends its producer. Not here: when anything
is written (`driver.py`).
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

from processors import measures
from schemas.errors import Unavailable
from schemas.refusals import LIMIT_SETTING, is_final, is_too_large, name_of
from schemas.topics import MAX_MESSAGE_BYTES

log = structlog.get_logger()

ACKNOWLEDGE_MILLIS = 15_000
"""After so long an entry counts as failed. Much shorter: a slow broker makes the worker recover for nothing."""
STOP_SECONDS = 2
FIRST_BACK_OFF_SECONDS = 0.2
LONGEST_BACK_OFF_SECONDS = 2.0
"""Until a refused entry is tried again: so long does the worker stand still at most once the reason is gone."""


class EntryProducer:
    """Writes one record at a time and partition; a producer that failed is replaced, and the others' records go on by it.

    Idempotent, so that a retry of the client's own does not write an entry twice; the chain would bear it, at the price
    of a recovery.
    """

    def __init__(self, options: dict[str, Any], topic: str) -> None:
        self._options = options
        self._topic = topic
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()
        self._refused: dict[int, str] = {}

    @property
    def trouble(self) -> str:
        """What Kafka refuses at this moment, in words; empty when nothing."""
        refused = dict(self._refused)
        return "; ".join(f"Kafka refuses partition {partition} {words}" for partition, words in sorted(refused.items()))

    async def append(self, partition: int, value: bytes) -> int:
        """Write a record, wait until it is durable and give its offset; raises `Unavailable` (it may be written all the same).

        A record that Kafka refuses for good is tried again, as it is, by another producer, until it is taken or whoever
        waits is cancelled: nothing else may be written before it. Should an earlier try have been written after all, the
        offset is not the expected one, which the chain's rules are for.
        """
        back_off_seconds = FIRST_BACK_OFF_SECONDS
        try:
            while True:
                try:
                    return await self._write(partition, value)
                except _Refused as refused:
                    self._note(partition, len(value), refused.error)
                await asyncio.sleep(back_off_seconds)
                back_off_seconds = min(2 * back_off_seconds, LONGEST_BACK_OFF_SECONDS)
        finally:
            self._refused.pop(partition, None)

    async def stop(self) -> None:
        """Let go of the connections; what is not sent by then may be lost, and is written anew by whoever recovers."""
        if self._producer is not None:
            self._let_go(self._producer)
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=STOP_SECONDS)

    async def _write(self, partition: int, value: bytes) -> int:
        """Write a record once; raises `_Refused`, `Unavailable`."""
        producer = None
        try:
            producer = await self._started()
            written = await producer.send_and_wait(self._topic, value, partition=partition)
            return int(written.offset)
        except ProducerClosed:
            return await self._write(partition, value)  # another partition's record ended it a moment ago
        except KafkaError as error:
            if producer is None:
                raise Unavailable(f"the journal cannot be written: {error!r}") from error
            self._let_go(producer)
            if is_final(error):
                raise _Refused(error) from error
            raise Unavailable(f"the journal cannot be written: {error!r}") from error

    def _note(self, partition: int, size_bytes: int, error: KafkaError) -> None:
        why = f"{LIMIT_SETTING} of {self._topic} is lower" if is_too_large(error) else name_of(error)
        self._refused[partition] = f"an entry of {size_bytes:,} bytes: {why}"
        measures.REFUSED.labels(name_of(error)).inc()
        log.error("entry_refused", partition=partition, bytes=size_bytes, error=name_of(error))

    def _let_go(self, producer: AIOKafkaProducer) -> None:
        """End a producer aside, when what other partitions have on their way by it is settled."""
        if self._producer is producer:
            self._producer = None
        closing = asyncio.create_task(_close(producer))
        self._leaving.add(closing)
        closing.add_done_callback(self._leaving.discard)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._options,
                    acks="all",
                    enable_idempotence=True,
                    max_request_size=MAX_MESSAGE_BYTES,
                    request_timeout_ms=ACKNOWLEDGE_MILLIS,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer


class _Refused(Exception):
    def __init__(self, error: KafkaError) -> None:
        super().__init__(str(error))
        self.error = error


async def _close(producer: AIOKafkaProducer) -> None:
    try:
        await asyncio.wait_for(producer.stop(), ACKNOWLEDGE_MILLIS / 1000)
    except (KafkaError, TimeoutError) as error:
        log.warning("producer_stopped_hard", reason=repr(error))
