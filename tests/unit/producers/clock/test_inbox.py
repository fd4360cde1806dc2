"""The clock's way to Kafka, with a producer that the test plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from kafka.errors import KafkaTimeoutError
from structlog.testing import capture_logs

from producers.clock.inbox import NO_EVENTS, KafkaInbox
from producers.connect import Metadata
from schemas.errors import Unavailable


@dataclass(frozen=True)
class FakeMetadata:
    offset: int
    timestamp: int


@dataclass
class FakeSent:
    callbacks: list[Callable[[Metadata], None]] = field(default_factory=list)
    errbacks: list[Callable[[BaseException], None]] = field(default_factory=list)

    def add_callback(self, call: Callable[[Metadata], None]) -> None:
        self.callbacks.append(call)

    def add_errback(self, call: Callable[[BaseException], None]) -> None:
        self.errbacks.append(call)

    def get(self, timeout: float | None = None) -> Metadata:
        raise NotImplementedError


@dataclass
class FakeProducer:
    error: Exception | None = None
    sent: list[tuple[str, int, bytes, list[tuple[str, bytes]]]] = field(default_factory=list)
    futures: list[FakeSent] = field(default_factory=list)
    closed: list[float | None] = field(default_factory=list)

    def send(
        self,
        topic: str,
        *,
        key: bytes | None = None,
        value: bytes,
        partition: int,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> FakeSent:
        if self.error:
            raise self.error
        self.sent.append((topic, partition, value, headers or []))
        self.futures.append(FakeSent())
        return self.futures[-1]

    def close(self, timeout: float | None = None) -> None:
        self.closed.append(timeout)


@dataclass
class Stage:
    """An inbox, its producers in the order in which they are connected, and the time."""

    producers: list[FakeProducer]
    now: float = 0.0
    settled: list[int | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.waiting = list(self.producers)
        self.inbox = KafkaInbox("inbox", self._connect, lambda: self.now)
        self.inbox.connect()

    def _connect(self) -> FakeProducer:
        if not self.waiting:
            raise Unavailable("no broker")
        return self.waiting.pop(0)

    def send(self) -> None:
        self.inbox.send(2, b"frame", self.settled.append)


def test_acknowledged_record_settles_with_the_brokers_time() -> None:
    stage = Stage([FakeProducer()])
    assert not stage.inbox.is_answering
    stage.send()
    assert stage.producers[0].sent == [("inbox", 2, b"frame", [NO_EVENTS])]
    stage.producers[0].futures[0].callbacks[0](FakeMetadata(7, 1234))
    assert stage.settled == [1234]
    assert stage.inbox.is_answering
    stage.now = 5.0
    assert not stage.inbox.is_answering


@pytest.mark.parametrize("fails_at_once", [True, False])
def test_record_that_fails_settles_with_nothing(fails_at_once: bool) -> None:
    stage = Stage([FakeProducer(KafkaTimeoutError("late") if fails_at_once else None)])
    with capture_logs() as logs:
        stage.send()
        for future in stage.producers[0].futures:
            future.errbacks[0](KafkaTimeoutError("late"))
    assert stage.settled == [None]
    assert [line["event"] for line in logs] == ["record_unacknowledged"]


def test_producer_with_nothing_acknowledged_for_a_minute_is_replaced() -> None:
    stuck, fresh = FakeProducer(), FakeProducer()
    stage = Stage([stuck, fresh])
    stage.send()
    stage.now = 60.0
    stage.inbox.replace_if_stuck()
    assert stage.settled == []
    stage.now = 60.1
    with capture_logs():
        stage.inbox.replace_if_stuck()
    stage.send()
    assert (stage.settled, stuck.closed, len(fresh.sent)) == ([None], [0], 1)
    stuck.futures[0].callbacks[0](FakeMetadata(7, 1234))
    assert stage.settled == [None]


def test_producer_is_kept_while_no_broker_answers() -> None:
    stage = Stage([FakeProducer()])
    stage.send()
    stage.now = 100.0
    stage.inbox.replace_if_stuck()
    assert (stage.settled, stage.producers[0].closed) == ([], [])
