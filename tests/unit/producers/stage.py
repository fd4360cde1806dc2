"""An inbox on producers that the test plays, in the order in which they are connected. Not here: any test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from producers.connect import Metadata
from producers.inbox import Counted, KafkaInbox
from producers.oversize import Answer, Limit
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

    def values(self) -> list[bytes]:
        return [value for _, _, value, _ in self.sent]


@dataclass
class Stage:
    """An inbox, its producers, the time, what was settled and counted; what is done aside waits for `run_aside`."""

    producers: list[FakeProducer]
    now: float = 0.0
    limit_bytes: int | None = None
    settled: list[Answer] = field(default_factory=list)
    counted: list[float | str] = field(default_factory=list)
    aside: list[Callable[[], None]] = field(default_factory=list)
    absences: int = 0
    """How often no broker answers before the next producer is connected."""
    while_connecting: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.waiting = list(self.producers)
        counted = Counted(
            self.counted.append,
            lambda: self.counted.append("lost"),
            lambda: self.counted.append("replaced"),
            self.counted.append,
        )
        limit = Limit("inbox", lambda: self.limit_bytes, lambda: self.now)
        self.inbox = KafkaInbox("inbox", self._connect, lambda: self.now, counted, limit, self.aside.append)
        self.inbox.connect()

    def _connect(self) -> FakeProducer:
        if self.absences or not self.waiting:
            self.absences -= 1
            raise Unavailable("no broker")
        self.while_connecting()
        return self.waiting.pop(0)

    def send(self, value: bytes = b"frame") -> None:
        self.inbox.send(2, value, self.settled.append)

    def acknowledge(self, producer: int = 0, place: int = 0) -> None:
        self.producers[producer].futures[place].callbacks[0](METADATA)

    def fail(self, error: BaseException, producer: int = 0, place: int = 0) -> None:
        self.producers[producer].futures[place].errbacks[0](error)

    def run_aside(self) -> None:
        waiting, self.aside[:] = list(self.aside), []
        for work in waiting:
            work()


METADATA = FakeMetadata(7, 1234)
