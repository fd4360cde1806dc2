"""What the clock says to each partition, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest
from structlog.testing import capture_logs

from producers.clock.clock import PART_HEAD_BYTES, Clock
from producers.inbox import Settle
from schemas import records
from schemas.codec import decode
from schemas.configuration import Configuration, PartitionConfiguration, Project, pack
from schemas.records import Frame, FrameItem, Tick
from schemas.topics import partition_of

NOW = 1_800_000_000_000
TICK = Tick(NOW, "clock")
NOTHING = Configuration()


@dataclass(frozen=True)
class Acknowledged:
    """What the broker says of a record."""

    timestamp: int
    offset: int = 0


@dataclass
class FakeInbox:
    """Keeps what is sent, until the test says what became of it."""

    sent: list[tuple[int, FrameItem]] = field(default_factory=list)
    waiting: list[tuple[int, Settle]] = field(default_factory=list)

    room_bytes: int = 4_000_000

    def send(self, partition: int, value: bytes, settle: Settle) -> None:
        self.sent += [(partition, item) for item in decode(value, Frame).items]
        self.waiting.append((partition, settle))

    def settle(self, timestamp: int | None = NOW, partition: int | None = None) -> None:
        chosen = [one for one in self.waiting if partition in (None, one[0])]
        self.waiting = [one for one in self.waiting if one not in chosen]
        for _, settle in chosen:
            settle(None if timestamp is None else Acknowledged(timestamp))

    def take(self) -> list[tuple[int, FrameItem]]:
        taken, self.sent = self.sent, []
        return taken


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture
def clock(inbox: FakeInbox) -> Clock:
    return Clock(inbox, 2, lambda: NOW)


def told(version: int, partition: int, **projects: Project) -> FrameItem:
    own = {name: project for name, project in projects.items() if partition_of(name, 2) == partition}
    return records.Configuration(version, 0, 1, pack(PartitionConfiguration(projects=own)))


def test_every_partition_gets_a_tick_each_beat(clock: Clock, inbox: FakeInbox) -> None:
    clock.beat(-1, NOTHING)
    assert inbox.take() == [(0, TICK), (1, TICK)]
    inbox.settle()
    clock.beat(-1, NOTHING)
    assert inbox.take() == [(0, TICK), (1, TICK)]


def test_partition_that_has_not_acknowledged_is_left_out(clock: Clock, inbox: FakeInbox) -> None:
    clock.beat(-1, NOTHING)
    inbox.settle(partition=1)
    inbox.take()
    clock.beat(-1, NOTHING)
    assert inbox.take() == [(1, TICK)]


def test_new_configuration_goes_before_the_tick_and_only_once(clock: Clock, inbox: FakeInbox) -> None:
    configuration = Configuration(projects={"shop": Project(title="Shop")})
    clock.beat(5, configuration)
    shop = {"shop": Project(title="Shop")}
    assert inbox.take() == [(0, told(5, 0, **shop)), (0, TICK), (1, told(5, 1, **shop)), (1, TICK)]
    inbox.settle()
    clock.beat(5, configuration)
    assert inbox.take() == [(0, TICK), (1, TICK)]
    assert clock.distributed == 5


def test_configuration_that_was_not_acknowledged_is_told_again(clock: Clock, inbox: FakeInbox) -> None:
    clock.beat(5, NOTHING)
    inbox.settle(partition=0)
    inbox.settle(None, partition=1)
    assert clock.distributed == -1
    inbox.take()
    clock.beat(5, NOTHING)
    assert inbox.take() == [(0, TICK), (1, TICK), (1, told(5, 1))]  # time goes on before what failed is tried again


def test_configuration_that_changes_while_one_is_told_comes_after_it(clock: Clock, inbox: FakeInbox) -> None:
    clock.beat(5, NOTHING)
    inbox.take()
    clock.beat(6, NOTHING)
    inbox.settle()
    clock.beat(6, NOTHING)
    assert inbox.take() == [(0, told(6, 0)), (0, TICK), (1, told(6, 1)), (1, TICK)]


def test_difference_between_the_clocks_is_told_when_it_begins_and_when_it_ends(clock: Clock, inbox: FakeInbox) -> None:
    with capture_logs() as logs:
        for timestamp in (NOW + 30_000, NOW - 30_001, NOW - 40_000, NOW, NOW):
            clock.beat(-1, NOTHING)
            inbox.settle(timestamp, partition=0)
    assert logs == [
        {"event": "clock_differs", "log_level": "error", "partition": 0, "inbox_ahead_seconds": -30.001},
        {"event": "clock_agrees", "log_level": "info", "partition": 0, "inbox_ahead_seconds": 0.0},
    ]


def test_a_configuration_is_told_in_parts_that_kafka_takes(inbox: FakeInbox, clock: Clock) -> None:
    inbox.room_bytes = 400
    whole = Configuration(projects={"shop": Project(title=Random(1).randbytes(500).hex())})
    clock.beat(5, whole)
    parts = [item for _, item in inbox.take() if isinstance(item, records.Configuration)]
    assert len(parts) > 2
    assert max(len(part.content) for part in parts) <= 400 - PART_HEAD_BYTES
