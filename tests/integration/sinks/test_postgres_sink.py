from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from processors import journal as writing
from schemas.codec import decode, encode
from schemas.records import Entry
from schemas.settings import Settings
from schemas.topics import JOURNAL
from sinks.postgres.migrate import migrate
from sinks.reader import LARGE_ENTRY
from tests.crash import audit
from tests.integration.sinks.running_sink import positions, postgres_sink, running_sink, send, story, wait_for_offset
from tests.servers import scratch_directory, wait_until
from tests.world import ReadModel, World, batch, read_journal
from tocsin.cluster import admin_client, lag_by_group
from tocsin.embedded import kafka, launch, topics


@pytest.fixture
def database(own_database: str) -> str:
    migrate(own_database)
    return own_database


def read_model(database_url: str) -> ReadModel:
    """Read the rows back as the records they came from."""
    with psycopg.connect(database_url) as connection:
        rows = {table: audit.read_rows(connection, table) for table in (*audit.TIMES, "payloads")}
    return ReadModel(
        alerts={(row["project"], row["number"]): audit.alert_of(row) for row in rows["alerts"]},
        contents={(row["project"], row["number"]): audit.content_of(row) for row in rows["alerts"]},
        payloads={(row["project"], row["number"]): row["payload"] for row in rows["payloads"]},
        incidents={(row["project"], row["number"]): audit.incident_of(row) for row in rows["incidents"]},
        timeline=[audit.timeline_of(row) for row in rows["timeline"]],
        outcomes=[audit.outcome_of(row) for row in rows["outcomes"]],
        notifications=[audit.notification_of(row) for row in rows["notifications"]],
    )


def ordered(model: ReadModel) -> ReadModel:
    model.timeline.sort(key=lambda one: (one.project, one.incident, one.number))
    model.outcomes.sort(key=lambda one: (one.offset, one.item))
    model.notifications.sort(key=lambda one: (one.project, one.incident, one.number))
    return model


def expect_rows(database_url: str, journal: list[bytes]) -> None:
    wait_for_offset(database_url, 0, len(journal) - 1)
    assert ordered(read_model(database_url)) == ordered(read_journal(journal))


def test_rows_are_what_the_journal_says(own_topics: Settings, database: str, tmp_path: Path) -> None:
    journal = story(10)
    send(own_topics, {0: journal})
    with running_sink(own_topics, database, tmp_path / "log") as sink:
        expect_rows(database, journal)
        assert sink.stop() == 0
    with admin_client(own_topics) as client:
        assert lag_by_group(client, own_topics.topic_prefix) == {f"{own_topics.topic_prefix}sink.postgres": 0}


def test_a_sink_killed_again_and_again_applies_everything_once(
    own_topics: Settings, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MAX_PART_BYTES", 2500)
    journal, settings = story(60), replace(own_topics, instance="one")
    for start in range(0, len(journal), 20):
        with running_sink(settings, database, tmp_path / "log"):
            before = positions(database).get(0)
            send(own_topics, {0: journal[start : start + 20]})
            wait_until(lambda before=before: positions(database).get(0) not in (before, (-1, 0)), "it is under way")  # type: ignore[misc]
    with running_sink(settings, database, tmp_path / "log"):
        expect_rows(database, journal)


def test_a_sink_that_was_frozen_while_another_took_over_changes_nothing(
    own_topics: Settings, database: str, tmp_path: Path
) -> None:
    journal = story(60)
    with running_sink(own_topics, database, tmp_path / "first") as first:
        send(own_topics, {0: journal[:30]})
        wait_for_offset(database, 0, 29)
        first.process.send_signal(signal.SIGSTOP)
        send(own_topics, {0: journal[30:45]})
        with running_sink(own_topics, database, tmp_path / "second"):
            wait_for_offset(database, 0, 44, seconds=60)
            first.process.send_signal(signal.SIGCONT)
            send(own_topics, {0: journal[45:]})
            expect_rows(database, journal)
        assert first.process.poll() is None, first.output()


def test_a_database_that_is_away_is_waited_for(own_topics: Settings, database_url: str, database: str, tmp_path: Path) -> None:
    journal = story(20)
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    with running_sink(own_topics, database, tmp_path / "log") as sink, psycopg.connect(database_url, autocommit=True) as admin:
        send(own_topics, {0: journal[:10]})
        wait_for_offset(database, 0, 9)
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        send(own_topics, {0: journal[10:]})
        wait_until(lambda: sink.output().count("attempt_failed") > 2, "it has tried in vain")
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        expect_rows(database, journal)


def test_a_broker_that_is_away_is_waited_for(database: str, tmp_path: Path) -> None:
    journal = story(20)
    with scratch_directory() as data:
        broker = kafka.prepare(data, default_port=0)
        settings = broker.client_settings(Settings(data=data))
        with running_broker(broker):
            topics.create(settings, 1, wait_seconds=60)
            send(settings, {0: journal[:10]})
            sink = postgres_sink(settings, database, tmp_path / "log")
            wait_for_offset(database, 0, 9)
        with running_broker(broker):
            send(settings, {0: journal[10:]})
            expect_rows(database, journal)
            assert sink.stop() == 0


@contextmanager
def running_broker(broker: kafka.Broker) -> Iterator[None]:
    """Run a broker; it is killed at the end."""
    process = launch.start(broker.child, Path(os.devnull))
    try:
        wait_until(broker.is_ready, "Kafka accepts connections", 60)
        yield
    finally:
        launch.kill(process.pid)
        process.wait()


def test_a_journal_made_anew_stops_the_sink_with_an_explanation(own_topics: Settings, database: str, tmp_path: Path) -> None:
    journal = story(3)
    with running_sink(own_topics, database, tmp_path / "log") as sink:
        send(own_topics, {0: journal})
        wait_for_offset(database, 0, len(journal) - 1)
        assert sink.stop() == 0
    make_anew(own_topics)
    send(own_topics, {0: story(9)})
    with running_sink(own_topics, database, tmp_path / "log") as sink:
        assert sink.process.wait(30) == 1
        assert "come from another journal" in sink.output()
    assert ordered(read_model(database)) == ordered(read_journal(journal))


def make_anew(settings: Settings) -> None:
    name = JOURNAL.full_name(settings.topic_prefix)
    with admin_client(settings) as client:
        client.delete_topics([name])
    wait_until(lambda: name in topics.create(settings, 1, wait_seconds=30), "the topic has been made anew")


def test_entries_of_all_partitions_are_applied_when_two_sinks_share_them(
    own_topics: Settings, database: str, tmp_path: Path
) -> None:
    journal = story(5)
    with running_sink(own_topics, database, tmp_path / "a"), running_sink(own_topics, database, tmp_path / "b"):
        send(own_topics, {0: journal})
        wait_for_offset(database, 0, len(journal) - 1)
        both = (tmp_path / "a", tmp_path / "b")
        wait_until(lambda: sum("partitions=[0, 1]" in log.read_text() for log in both) >= 1, "they share the partitions")


def test_a_committed_alert_is_there_at_once_at_low_load(own_topics: Settings, database: str, tmp_path: Path) -> None:
    journal, seconds = story(20), []
    with running_sink(own_topics, database, tmp_path / "log"), psycopg.connect(database, autocommit=True) as reader:
        wait_until(lambda: 0 in positions(database), "the sink has its partitions")
        for offset, value in enumerate(journal):
            send(own_topics, {0: [value]})
            sent = time.monotonic()
            at = [-1]
            while at[0] != offset:
                at = reader.execute("SELECT journal_offset FROM tocsin.positions WHERE partition = 0").fetchone() or at  # type: ignore[assignment]
                assert time.monotonic() < sent + 10
            seconds.append(time.monotonic() - sent)
    assert sorted(seconds)[len(seconds) // 2] < 0.1


def test_other_partitions_go_on_while_the_database_works_on_a_large_entry(
    own_topics: Settings, database: str, tmp_path: Path
) -> None:
    world = World()
    world.append(0, batch(*({"title": f"alert {number}"} for number in range(2 * LARGE_ENTRY))))
    world.append(1, batch({"title": "alert 0"}))
    world.run()
    journal = world.journal
    assert decode(journal[0], Entry).parts > 1
    others = [encode(Entry("w", "1", number - 1, number, number + 1, 0, 1)) for number in range(3)]
    with running_sink(own_topics, database, tmp_path / "log"), psycopg.connect(database) as somebody:
        wait_for_offset(database, 0, -1)
        somebody.execute("SELECT FROM tocsin.positions WHERE partition = 0 FOR UPDATE")
        send(own_topics, {0: journal})
        wait_until(lambda: is_waited_for(database), "the large entry waits for us")
        send(own_topics, {1: others})
        wait_for_offset(database, 1, len(others) - 1)
        assert positions(database)[0] == (-1, 0)
        somebody.rollback()
        expect_rows(database, journal)


def is_waited_for(database_url: str) -> bool:
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is not None
