from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from msgspec.structs import replace

from schemas.chain import Position
from schemas.codec import decode, encode
from schemas.records import Entry, EventOutcome, Outcome, OutcomeSection, PartitionState
from sinks.postgres import migrate as migrating
from sinks.postgres.housekeeping import DAY_MILLIS, PAUSE_SECONDS
from sinks.postgres.migrate import load_migrations, migrate
from sinks.postgres.sink import PostgresSink
from sinks.sink import Assignment, Batch, JournalEntry
from tests.integration.sinks.running_sink import story
from tests.memory_kafka import TOPIC_ID

FIRST = date(2027, 3, 1)
INSERT = """
INSERT INTO tocsin.outcomes (partition, inbox_offset, item, project, integration, receipt, at, total, events)
VALUES (9, %s, 0, 'shop', 'web', 'R-1', %s, 1, '[]')"""
PLACES = (
    "SELECT c.relname, o.inbox_offset FROM tocsin.outcomes o JOIN pg_class c ON c.oid = o.tableoid ORDER BY o.at, o.inbox_offset"
)


class Days:
    """A sink, and a journal of which each entry is of one day's noon."""

    def __init__(self, database: str, partition: int = 0) -> None:
        self.partition = partition
        self.seconds = 0.0
        self.sink = PostgresSink(database, lambda: self.seconds)
        self.sink.assign(Assignment((partition,), TOPIC_ID))
        self.offset = 0

    def pass_day(self, number: int) -> None:
        """Apply the entry of a day, and let the sink keep house."""
        self.sink.deliver(noon(number, self.offset, self.partition))
        self.offset += 1
        self.seconds += PAUSE_SECONDS
        self.sink.tend()


def noon(number: int, offset: int, partition: int = 0) -> Batch:
    at = millis(number)
    outcome = Outcome("shop", "web", offset, 0, at, f"R{offset}-1", 1, [EventOutcome(0, "unmatched")])
    state = PartitionState(at, at, None, 0, 0, None, 0, [], [])
    told = replace(decode(story(0)[0], Entry), outcomes=encode(OutcomeSection([outcome])), partition=encode(state))
    entry = JournalEntry(partition, Position(offset, offset + 1), (told,))
    return Batch((entry,), {partition: Position(offset - 1, offset)}, {partition: entry.position})


def millis(number: int) -> int:
    return (FIRST.toordinal() - date(1970, 1, 1).toordinal() + number) * DAY_MILLIS + DAY_MILLIS // 2


def name(number: int) -> str:
    return f"outcomes_{FIRST + timedelta(number):%Y%m%d}"


def partitions(database: str) -> list[str]:
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class c JOIN pg_inherits ON c.oid = inhrelid "
            "WHERE inhparent = 'tocsin.outcomes'::regclass ORDER BY 1"
        ).fetchall()
    return [found for (found,) in rows if found != "outcomes_other"]


def places(database: str) -> list[tuple[str, int]]:
    with psycopg.connect(database) as connection:
        return connection.execute(PLACES).fetchall()


@pytest.fixture
def database(own_database: str) -> str:
    migrate(own_database)
    return own_database


@pytest.fixture
def days(database: str) -> Iterator[Days]:
    made = Days(database)
    with closing(made.sink):
        yield made


def test_each_day_has_its_partition_ahead_and_is_dropped_after_seven_days(database: str, days: Days) -> None:
    for number in range(10):
        days.pass_day(number)
    assert partitions(database) == [name(number) for number in range(2, 11)]
    assert places(database) == [(name(number), number) for number in range(2, 10)]


def test_a_day_that_another_process_has_dropped_stops_nobody(database: str, days: Days) -> None:
    days.pass_day(0)
    other = Days(database, 1)
    with closing(other.sink):
        other.pass_day(8)
    days.sink.deliver(noon(0, 1))  # it still takes this day for being there
    assert places(database) == [("outcomes_other", 1), (name(8), 0)]
    days.offset = 2
    days.pass_day(8)
    assert places(database) == [(name(8), 0), (name(8), 2)]


def test_old_rows_without_a_day_go_a_few_at_a_time_and_newer_ones_stay(
    database: str, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinks.postgres.housekeeping.MOST_ROWS", 2)
    with psycopg.connect(database) as connection:
        for offset, number in enumerate((0, 0, 0, 5)):
            connection.execute(INSERT, [offset, datetime.fromtimestamp(millis(number) / 1000, UTC)])
    days.pass_day(10)
    assert [place[0] for place in places(database)] == ["outcomes_other"] * 2 + [name(10)]
    days.sink.tend()
    assert places(database) == [("outcomes_other", 3), (name(10), 0)]


def test_a_day_that_lies_beside_is_written_on_beside(database: str, days: Days) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(INSERT, [7, datetime.fromtimestamp(millis(0) / 1000, UTC)])
    days.pass_day(0)
    assert partitions(database) == [name(1)]
    assert places(database) == [("outcomes_other", 0), ("outcomes_other", 7)]


def test_who_reads_for_long_delays_only_the_dropping(database: str, days: Days) -> None:
    days.pass_day(0)
    with psycopg.connect(database) as reader:
        reader.execute("SELECT count(*) FROM tocsin.outcomes")
        days.pass_day(9)
        assert name(0) in partitions(database)
    days.pass_day(9)
    assert name(0) not in partitions(database)


def test_two_processes_add_and_drop_the_same_days_at_once(database: str) -> None:
    one, other = Days(database, 0), Days(database, 1)
    with closing(one.sink), closing(other.sink), ThreadPoolExecutor(2) as pool:
        for number in range(12):
            list(pool.map(lambda days, number=number: days.pass_day(number), (one, other)))
    assert partitions(database) == [name(number) for number in range(4, 13)]
    assert places(database) == [(name(number), number) for number in range(4, 12) for _ in range(2)]


def test_rows_from_before_there_were_days_are_kept(own_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(migrating, "load_migrations", lambda: load_migrations()[:4])
        before.setattr(migrating, "grant_reading", lambda _: "")  # there are no views to read yet
        migrate(own_database)
    with psycopg.connect(own_database) as connection:
        for offset, number in enumerate((0, 0, 3)):
            connection.execute(INSERT, [offset, datetime.fromtimestamp(millis(number) / 1000, UTC)])
    migrate(own_database)
    assert places(own_database) == [(name(0), 0), (name(0), 1), (name(3), 2)]
