from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from schemas.chain import Position
from schemas.codec import decode, encode, encode_body
from schemas.errors import OperatorError, Unavailable
from schemas.records import AlertContent, AlertSection, Content, ContentSection, Entry, OutcomeSection
from sinks.postgres.migrate import load_migrations, migrate
from sinks.postgres.sink import PostgresSink
from sinks.sink import Assignment, Batch, JournalEntry, Superseded
from tests.integration.sinks.running_sink import positions, story
from tests.memory_kafka import TOPIC_ID
from tests.servers import wait_until


@pytest.fixture
def database(own_database: str) -> str:
    migrate(own_database)
    return own_database


@pytest.fixture
def sink(database: str) -> Iterator[PostgresSink]:
    with closing(PostgresSink(database)) as made:
        made.assign(Assignment((0,), TOPIC_ID))
        yield made


def batch(*entries: Entry, at: int = 0) -> Batch:
    """Entries that follow the one at offset `at - 1`, each of one inbox record."""
    taken = tuple(JournalEntry(0, Position(at + place, at + place + 1), (entry,)) for place, entry in enumerate(entries))
    return Batch(taken, {0: Position(at - 1, at)}, {0: taken[-1].position})


def first_alert() -> tuple[Entry, AlertSection]:
    entry = next(entry for entry in (decode(value, Entry) for value in story(1)) if entry.alerts)
    return entry, decode(entry.alerts, AlertSection)


def test_what_another_process_has_applied_is_not_applied_again(database: str, sink: PostgresSink) -> None:
    entry, _ = first_alert()
    with closing(PostgresSink(database)) as zombie:
        zombie.assign(Assignment((0,), TOPIC_ID))
        sink.deliver(batch(entry))
        with pytest.raises(Superseded, match="offset=0"):
            zombie.deliver(batch(entry))
        assert zombie.assign(Assignment((0,), TOPIC_ID)) == {0: Position(0, 1)}


def test_a_process_waits_for_the_one_that_holds_the_position_and_then_gives_up(database: str, sink: PostgresSink) -> None:
    entry, _ = first_alert()
    with psycopg.connect(database) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("SELECT 1 FROM tocsin.positions WHERE partition = 0 FOR UPDATE")
        delivered = pool.submit(sink.deliver, batch(entry))
        wait_until(lambda: _is_waiting(database), "it waits for the lock")
        holder.execute("UPDATE tocsin.positions SET journal_offset = 0, next_inbox = 1")
        holder.commit()
        with pytest.raises(Superseded):
            delivered.result(10)


def test_of_two_processes_with_the_same_batch_exactly_one_applies_it(database: str, sink: PostgresSink) -> None:
    entry, _ = first_alert()
    with closing(PostgresSink(database)) as other, ThreadPoolExecutor(2) as pool:
        for at in range(20):
            positions_now = {one.assign(Assignment((0,), TOPIC_ID))[0] for one in (sink, other)}
            assert positions_now == {Position(at - 1, at)}
            taken = [pool.submit(one.deliver, batch(_with_outcomes_at(entry, at), at=at)) for one in (sink, other)]
            assert {type(one.exception()) for one in taken} == {type(None), Superseded}


def _with_outcomes_at(entry: Entry, offset: int) -> Entry:
    outcomes = [replace(one, offset=offset) for one in decode(entry.outcomes, OutcomeSection).items]
    return replace(entry, outcomes=encode(OutcomeSection(outcomes)), timeline=b"", notifications=b"")


def _is_waiting(database: str) -> bool:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
    return row == (1,)


def test_a_position_that_stays_locked_is_tried_again_later(database: str, sink: PostgresSink) -> None:
    entry, _ = first_alert()
    with psycopg.connect(database) as holder:
        holder.execute("SELECT 1 FROM tocsin.positions WHERE partition = 0 FOR UPDATE")
        with pytest.raises(Unavailable, match="lock timeout"):
            sink.deliver(batch(entry))
    sink.deliver(batch(entry))
    assert positions(database) == {0: (0, 1)}


def test_characters_and_times_that_postgresql_cannot_hold_are_stored_as_near_as_it_can(database: str, sink: PostgresSink) -> None:
    entry, section = first_alert()
    alert = replace(section.items[0], ended_at=10**17, fingerprint="a\0b")
    content = encode_body(Content("nul \0 here", hosts=["\0"], labels={"na\0me": "\\u0000\0"}))
    sink.deliver(
        batch(
            replace(
                entry,
                alerts=encode(AlertSection([alert])),
                contents=encode(ContentSection([AlertContent(alert.project, alert.number, content)])),
            )
        )
    )
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT title, hosts, labels, fingerprint, extract(year FROM ended_at)::int FROM tocsin.alerts"
        ).fetchall()
    assert rows == [("nul \ufffd here", ["\ufffd"], {"na\ufffdme": "\\u0000\ufffd"}, "a\ufffdb", 9999)]


def test_a_batch_that_is_refused_leaves_nothing_behind(database: str, sink: PostgresSink) -> None:
    entry, section = first_alert()
    twice = replace(entry, contents=b"", payloads=b"", alerts=encode(AlertSection([replace(section.items[0], number=2**63 - 1)])))
    sink.deliver(batch(entry))
    with pytest.raises(OperatorError, match="refuses what the journal says"):
        sink.deliver(batch(twice, at=1))  # its outcomes are there already
    assert positions(database) == {0: (0, 1)}
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT max(number) FROM tocsin.alerts").fetchone() == (20,)


def test_a_project_has_as_many_alerts_as_it_has_given_numbers(database: str, sink: PostgresSink) -> None:
    """The API counts on it instead of counting them."""
    entries = [decode(value, Entry) for value in story(5)]
    with psycopg.connect(database, autocommit=True) as connection:
        for at, entry in enumerate(entries):
            sink.deliver(batch(entry, at=at))
            given = connection.execute("SELECT coalesce(sum(alerts - alerts_deleted), 0)::bigint FROM tocsin.projects").fetchone()
            assert given == connection.execute("SELECT count(*) FROM tocsin.alerts").fetchone()
        assert given == (24,)


def test_rows_of_another_journal_are_refused_with_an_explanation(sink: PostgresSink) -> None:
    with pytest.raises(OperatorError, match="come from another journal"):
        sink.assign(Assignment((0,), UUID(int=8)))


def test_a_database_without_tables_says_what_to_run(own_database: str) -> None:
    with closing(PostgresSink(own_database)) as sink, pytest.raises(OperatorError, match="tocsin database migrate"):
        sink.assign(Assignment((0,), TOPIC_ID))


def test_migrating_twice_and_by_several_at_once_does_nothing_more(own_database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [own_database] * 4))
    migrate(own_database)
    with psycopg.connect(own_database) as connection:
        assert connection.execute("SELECT number FROM tocsin.migrations ORDER BY number").fetchall() == [
            (one.number,) for one in load_migrations()
        ]


def test_a_migration_that_fails_leaves_nothing_behind(own_database: str) -> None:
    with psycopg.connect(own_database) as connection:
        connection.execute("CREATE SCHEMA tocsin; CREATE TABLE tocsin.positions ()")
    with pytest.raises(OperatorError, match="refuses the migration"):
        migrate(own_database)
    with psycopg.connect(own_database) as connection:
        assert connection.execute("SELECT to_regclass('tocsin.alerts'), to_regclass('tocsin.migrations')").fetchone() == (
            None,
            None,
        )


def test_a_database_that_does_not_answer_is_unavailable_to_a_migration() -> None:
    with pytest.raises(Unavailable):
        migrate("postgresql://nobody@/nothing?host=/nonexistent")
