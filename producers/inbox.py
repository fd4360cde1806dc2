"""The inbox topic as producers write it: the only file of theirs that knows kafka-python's errors and futures.

Two cures live here. A producer that is stuck is replaced (STACK, kafka-python rule 1). So is one whose record Kafka refused for
good: kafka-python would fail every later record with the same error (rule 9). Not here: connecting (`connect.py`), an event
loop's way to it (`inbox_of_loop.py`), what is written, and what becomes of a request that waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock, RLock, Thread
from typing import TypeAlias

import structlog
from kafka.errors import KafkaError

from producers.connect import Metadata, Producer
from producers.oversize import Answer, Limit, Oversize
from producers.refusals import RETRY_SECONDS, Refusals
from schemas.errors import Unavailable
from schemas.refusals import is_final, is_too_large, name_of
from schemas.topics import EVENTS_HEADER

log = structlog.get_logger()
NO_EVENTS = b"{}"
"""The `events` header of a record without alerts."""
STALE_SECONDS = 60.0
ANSWERS_SECONDS = 5.0
LEAVE_SECONDS = 1.0
"""For a producer whose record was refused: the library has failed all that it holds, so that it leaves at once."""
Settle: TypeAlias = Callable[[Answer], None]
"""Told once of each record what became of it."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a process counts of its inbox, called from any thread."""

    acknowledged: Callable[[float], None] = lambda seconds: None
    lost: Callable[[], None] = lambda: None
    replaced: Callable[[], None] = lambda: None
    refused: Callable[[str], None] = lambda error: None


@dataclass(slots=True)
class _Waiting:
    settle: Settle
    sent_at: float
    producer: Producer | None = None
    """Whose record it is; None while it is held."""


@dataclass(frozen=True, slots=True)
class _Held:
    number: int
    partition: int
    value: bytes
    events: bytes


def in_thread(work: Callable[[], None]) -> None:
    Thread(target=work, name="inbox", daemon=True).start()


class KafkaInbox:
    """Sends records, in the order of the calls for each partition, whatever becomes of a producer.

    `new_producer` connects, blocking, or raises `Unavailable`. Sending is for one thread; the broker's answers come in
    another, and a producer is replaced in a third, while what is sent is held and goes out by the next one.
    """

    def __init__(
        self,
        topic: str,
        new_producer: Callable[[], Producer],
        monotonic: Callable[[], float] = time.monotonic,
        counted: Counted = Counted(),
        limit: Limit | None = None,
        run_aside: Callable[[Callable[[], None]], None] = in_thread,
    ) -> None:
        self._topic = topic
        self._new_producer = new_producer
        self._monotonic = monotonic
        self._counted = counted
        self.limit = limit or Limit(topic, lambda: None, monotonic)
        self._run_aside = run_aside
        self._producer: Producer | None = None
        self._order = RLock()
        """Held while a record is handed to a producer: so that what was held goes out before what comes then."""
        self._lock = Lock()
        self._waiting: dict[int, _Waiting] = {}
        self._held: list[_Held] = []
        self._next = 0
        self._is_replacing = False
        self._leaving: Producer | None = None
        self._refusals = Refusals(monotonic)
        self._acknowledged_at = float("-inf")
        self._closing = Event()

    @property
    def is_answering(self) -> bool:
        """Whether the broker acknowledged anything in the last seconds, and refused nothing since; from any thread."""
        return self._monotonic() - self._acknowledged_at < ANSWERS_SECONDS and not self._refusals.last

    @property
    def trouble(self) -> str:
        """What is wrong with sending, in words; empty when nothing is. From any thread."""
        refusal = self._refusals.last and f"Kafka refuses what is sent to {self._topic}: {self._refusals.last}"
        return "; ".join(filter(None, (refusal, self.limit.trouble)))

    @property
    def room_bytes(self) -> int:
        """How large a record may be, value and `events` header together, as far as is known."""
        return self.limit.room_bytes

    def connect(self) -> None:
        """Connect, blocking; raises `Unavailable` when no broker answers or the topic is not there."""
        self._producer = self._new_producer()

    def send(self, partition: int, value: bytes, settle: Settle, events: bytes = NO_EVENTS) -> None:
        """Send one record without blocking; the records of one partition stay in the order of the calls."""
        with self._order:
            number, self._next = self._next, self._next + 1
            held = _Held(number, partition, value, events)
            with self._lock:
                self._waiting[number] = _Waiting(settle, self._monotonic())
            self._hand_over(held)

    def close(self, seconds: float) -> None:
        """Let what was sent arrive, for so long at most; blocking."""
        self._closing.set()
        self._give_up(Unavailable("the process is leaving"), None)
        if self._producer is not None:
            self._producer.close(timeout=seconds)

    def look_after(self) -> None:
        """Replace a producer that is stuck, and ask whether a lower limit that is known still stands; blocking."""
        self.replace_if_stuck()
        self.limit.ask_if_news()

    # -- a producer that is stuck ----------------------------------------------

    def replace_if_stuck(self) -> None:
        """Take another producer when nothing was acknowledged for a minute while the broker answers; blocking."""
        if not self._is_stuck():
            return
        try:
            producer = self._new_producer()
        except Unavailable:
            return  # the broker does not answer: the producer waits for it, as it should
        if not self._is_stuck():  # the broker was only just back, and the old producer noticed meanwhile
            producer.close(timeout=0)
            return
        log.error("producer_replaced", waiting=len(self._waiting), reason=f"nothing acknowledged for {STALE_SECONDS:.0f} s")
        self._counted.replaced()
        with self._order:
            stuck, self._producer = self._producer, producer
            self._refusals.forget_producer()
        self._give_up(Unavailable("the producer was replaced"), stuck)
        if stuck is not None:
            stuck.close(timeout=0)

    def _is_stuck(self) -> bool:
        with self._lock:
            oldest = next((one.sent_at for one in self._waiting.values()), None)  # in the order of sending
            if oldest is None or self._is_replacing:
                return False
        return self._monotonic() - max(oldest, self._acknowledged_at) > STALE_SECONDS

    # -- a producer whose record was refused -----------------------------------

    def _replace_refused(self, refused: Producer) -> None:
        """Take another producer, however long that takes, and send by it what was held meanwhile; blocking."""
        with self._lock:
            self._producer, self._leaving = None, refused
        refused.close(timeout=LEAVE_SECONDS)  # first, so that nothing of it is written after what comes
        self._give_up(Unavailable("Kafka refused a record that was sent by the same producer"), refused)
        self._closing.wait(self._refusals.back_off_seconds)
        while not self._closing.is_set():
            try:
                producer = self._new_producer()
            except Unavailable as error:
                log.warning("kafka_unavailable", reason=str(error))
                self._give_up(error, None)
                self._closing.wait(RETRY_SECONDS)
                continue
            self.limit.ask_if_news()
            self._go_on_with(producer)
            return

    def _go_on_with(self, producer: Producer) -> None:
        if self._closing.is_set():
            producer.close(timeout=0)
            return
        self._counted.replaced()
        with self._order:
            with self._lock:
                self._producer, self._leaving, self._is_replacing = producer, None, False
                self._refusals.forget_producer()
                held, self._held = self._held, []
            for one in held:
                self._hand_over(one)

    def _give_up(self, error: Exception, producer: Producer | None) -> None:
        """Tell all who wait for a producer's records (None: for what is held) that they are not acknowledged."""
        with self._lock:
            given_up = [number for number, one in self._waiting.items() if one.producer is producer]
            if producer is None:
                self._held = []
        for number in given_up:
            self._lose(number, error)

    # -- one record ------------------------------------------------------------

    def _hand_over(self, held: _Held) -> None:
        with self._lock:
            waiting, producer = self._waiting.get(held.number), self._producer
            if waiting is None:
                return  # it was given up
            if self._is_replacing:
                self._held.append(held)
                return
            waiting.producer = producer
        if producer is None:
            self._lose(held.number, Unavailable("not connected to Kafka yet"))
        elif not self.limit.admits(len(held.value) + len(held.events)):
            self._settle(held.number, self.limit.oversize())
        else:
            self._send_by(producer, held)

    def _send_by(self, producer: Producer, held: _Held) -> None:
        headers = [(EVENTS_HEADER, held.events)]
        try:
            sent = producer.send(self._topic, value=held.value, partition=held.partition, headers=headers)
        except (KafkaError, ValueError) as error:  # ValueError: the partition is not in the metadata
            if is_too_large(error):  # the client's own limit: nothing was sent, and its producer is well
                self._settle(held.number, self.limit.oversize())
            else:
                self._lose(held.number, error)
        else:
            sent.add_callback(partial(self._acknowledge, held.number))
            sent.add_errback(partial(self._fail, held.number, producer, len(held.value) + len(held.events)))

    def _acknowledge(self, number: int, metadata: Metadata) -> None:
        waiting = self._take(number)
        if waiting is not None:
            self._acknowledged_at = self._monotonic()
            self._refusals.clear()
            self._counted.acknowledged(self._acknowledged_at - waiting.sent_at)
            waiting.settle(metadata)

    def _fail(self, number: int, producer: Producer, size_bytes: int, error: BaseException) -> None:
        """Take note of a record that failed: refused by Kafka for good, dragged along by one that was, or not acknowledged."""
        if not is_final(error) or not self._may_refuse(producer, error):
            self._lose(number, error)
            return
        is_new = self._refusals.is_new(error)
        if is_new:
            self._note_refusal(error, size_bytes)
        is_first = self._hold_back()
        if is_too_large(error) and is_new:
            self._settle(number, self.limit.oversize())
        else:
            self._lose(number, error)
        if is_first:
            self._run_aside(partial(self._replace_refused, producer))

    def _note_refusal(self, error: BaseException, size_bytes: int) -> None:
        self._counted.refused(name_of(error))
        log.error("record_refused", topic=self._topic, reason=str(error), error=name_of(error), bytes=size_bytes)
        self._refusals.note(error, is_too_large(error))
        if is_too_large(error):
            self.limit.refuse()

    def _may_refuse(self, producer: Producer, error: BaseException) -> bool:
        """Say whether an error is the broker's answer, and not made by closing a producer; of one that leaves few still come."""
        with self._lock:
            is_leaving = producer is self._leaving and is_too_large(error)
            return (producer is self._producer or is_leaving) and not self._closing.is_set()

    def _hold_back(self) -> bool:
        """Hold what is sent from now on; say whether it was not held already."""
        with self._lock:
            is_first, self._is_replacing = not self._is_replacing, True
        return is_first

    def _lose(self, number: int, error: BaseException) -> None:
        waiting = self._take(number)
        if waiting is not None:
            self._counted.lost()
            log.warning("record_unacknowledged", reason=str(error), error=name_of(error))
            waiting.settle(None)

    def _settle(self, number: int, oversize: Oversize) -> None:
        waiting = self._take(number)
        if waiting is not None:
            waiting.settle(oversize)

    def _take(self, number: int) -> _Waiting | None:
        """Take who waits for a record; nobody does when it was given up with its producer."""
        with self._lock:
            return self._waiting.pop(number, None)
