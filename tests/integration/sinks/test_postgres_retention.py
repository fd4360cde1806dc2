from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from sinks.postgres.migrate import migrate
from sinks.postgres.retention import MOST_ROWS, delete_old
from sinks.postgres.sink import PostgresSink
from tests.integration.sinks.test_postgres_days import Days, millis

DAYS = 400
NOW = millis(0)
Database = psycopg.Connection[Any]
ALERT = """
INSERT INTO tocsin.alerts (project, number, version, inbox_offset, inbox_index, events, started_at, first_seen_at, last_seen_at,
    is_flapping, severity, status, resolved_at, forget_at, incident, integration, fingerprint, identity, content_hash,
    payload_hash, assignees, changes)
SELECT 'shop', %(number)s, 1, 0, 0, 1, now(), now(), now(), false, 'low', CASE WHEN %(days)s::int IS NULL THEN 'acknowledged'
       ELSE 'resolved' END, tocsin.at(%(now)s) - %(days)s::int * interval '1 d',
       tocsin.at(%(now)s) - %(forgotten)s::int * interval '1 d', %(incident)s, 'web', 'f', '', '', '', '{}', '{}'"""
INCIDENT = """
INSERT INTO tocsin.incidents (project, number, version, inbox_offset, inbox_index, title, description, severity, status,
    group_values, firing, total, created_at, resolved_at, forget_at, forget_alerts_at, components, author, assignees, links,
    is_confidential, is_sla_missed, told, told_severity, timeline_count, notification_count)
SELECT 'shop', %(number)s, 1, 0, 0, 't', '', 'low', CASE WHEN %(days)s::int IS NULL THEN 'triggered' ELSE 'resolved' END, '[]', 0,
       1, now(), tocsin.at(%(now)s) - %(days)s::int * interval '1 d', tocsin.at(%(now)s) - %(forgotten)s::int * interval '1 d',
       tocsin.at(%(now)s) - %(forgotten)s::int * interval '1 d', '{}', 'alert-bot', '{}', '[]', false, false, '{}', 'low', 0, 0"""
TIMELINE = """
INSERT INTO tocsin.timeline (project, incident, alert, number, at, actor, kind, text, details, inbox_offset, inbox_index)
VALUES ('shop', %s, %s, %s, now(), 'ada', 'comment', 'x', '{}', 0, 0)"""
NOTIFICATION = "INSERT INTO tocsin.notifications VALUES ('shop', %s, %s, 'opened', 'r', now(), 'low', 'triggered', 'ada', 0, 0)"
SILENCE = """
INSERT INTO tocsin.silences VALUES ('shop', %s, 1, 0, 0, '{}', now(), tocsin.at(%s) - %s * interval '1 d', '', 'ada', 0)"""


@pytest.fixture
def database(own_database: str) -> Iterator[Database]:
    migrate(own_database)
    with psycopg.connect(own_database, autocommit=True) as connection:
        yield connection


def add_alert(database: Database, number: int, days: int | None, incident: int | None = None, forgotten: int = 1) -> None:
    """Add an alert that was resolved so many days ago (None: it is open), with its payload and a comment of its own."""
    values = {"number": number, "days": days, "incident": incident, "forgotten": forgotten, "now": NOW}
    database.execute(ALERT, values)
    database.execute("INSERT INTO tocsin.payloads VALUES ('shop', %s, 'x')", [number])
    database.execute(TIMELINE, [None, number, 1])


def add_incident(database: Database, number: int, days: int | None, forgotten: int = 1) -> None:
    database.execute(INCIDENT, {"number": number, "days": days, "forgotten": forgotten, "now": NOW})
    database.execute(TIMELINE, [number, None, 1])
    database.execute(NOTIFICATION, [number, 1])


def left(database: Database) -> dict[str, list[int]]:
    """Delete until nothing is left to delete; give the numbers that stayed, wherever they stand."""
    while delete_old(database, NOW, DAYS):
        pass
    names = {
        "alerts": "number",
        "payloads": "number",
        "incidents": "number",
        "notifications": "incident",
        "silences": "id::int",
    }
    found = {table: f"SELECT {column} FROM tocsin.{table} ORDER BY 1" for table, column in names.items()}
    found["timeline"] = "SELECT coalesce(incident, -alert) FROM tocsin.timeline ORDER BY 1"
    return {table: [number for (number,) in database.execute(text)] for table, text in found.items()}


def test_what_was_resolved_long_ago_goes_and_what_is_open_stays(database: Database) -> None:
    add_alert(database, 1, days=401)
    add_alert(database, 2, days=399)
    add_alert(database, 3, days=None)
    assert left(database) == {
        "alerts": [2, 3], "payloads": [2, 3], "incidents": [], "notifications": [], "silences": [], "timeline": [-3, -2],
    }  # fmt: skip


def test_how_many_alerts_were_deleted_is_kept_by_project(database: Database) -> None:
    database.execute(
        "INSERT INTO tocsin.projects (project, version, alerts, incidents) VALUES ('shop', 1, 3, 0), ('bank', 1, 0, 0)"
    )
    for number, days in enumerate((401, 402, None), 1):
        add_alert(database, number, days)
        left(database)
    deleted = database.execute("SELECT project, alerts_deleted FROM tocsin.projects ORDER BY 1").fetchall()
    assert deleted == [("bank", 0), ("shop", 2)]


def test_an_incident_goes_with_its_alerts_and_stays_with_one_that_stays(database: Database) -> None:
    for number, days in enumerate((401, 401, 399, None), 1):
        add_incident(database, number, days)
    for number, (incident, resolved) in enumerate(((1, 500), (2, 500), (2, 300), (3, 500), (4, 500)), 1):
        add_alert(database, number, days=resolved, incident=incident)
    database.execute(TIMELINE, [2, 2, 2])  # the incident keeps what it tells of an alert that is gone
    assert left(database) == {
        "alerts": [3, 4, 5], "payloads": [3, 4, 5], "incidents": [2, 3, 4], "notifications": [2, 3, 4], "silences": [],
        "timeline": [-5, -4, -3, 2, 2, 3, 4],
    }  # fmt: skip


def test_what_the_core_may_still_reopen_stays(database: Database) -> None:
    add_alert(database, 1, days=500, forgotten=-1)
    add_incident(database, 1, days=500, forgotten=-1)
    add_alert(database, 2, days=500, incident=1)
    add_incident(database, 2, days=500, forgotten=-1)
    assert left(database)["alerts"] == [1, 2]
    assert left(database)["incidents"] == [1, 2]


def test_silences_go_by_their_end(database: Database) -> None:
    for id, days in (("1", 401), ("2", 399), ("3", -1)):
        database.execute(SILENCE, [id, NOW, days])
    assert left(database)["silences"] == [2, 3]


def test_a_round_deletes_few_rows_and_all_go_in_the_end(database: Database) -> None:
    add_incident(database, 1, days=401)
    for number in range(1, MOST_ROWS + 2):
        add_alert(database, number, days=401, incident=1)
        database.execute(TIMELINE, [1, number, number + 1])
    assert delete_old(database, NOW, DAYS) == MOST_ROWS
    assert database.execute("SELECT count(*) FROM tocsin.alerts").fetchone() == (1,)
    assert set(map(tuple, left(database).values())) == {()}


def test_two_processes_at_once_wait_for_neither(database: Database, own_database: str) -> None:
    for number in range(1, 4):
        add_alert(database, number, days=401)
    with psycopg.connect(own_database) as other, psycopg.connect(own_database, options="-c lock_timeout=100ms") as one:
        assert delete_old(other, NOW, DAYS) == 3
        assert delete_old(one, NOW, DAYS) == 0
    assert left(database)["alerts"] == []


def test_the_sink_deletes_by_the_time_of_the_journal(database: Database, own_database: str) -> None:
    add_alert(database, 1, days=0)
    days = Days(own_database)
    days.sink.close()
    days.sink = PostgresSink(own_database, lambda: days.seconds, retention_days=5)
    with closing(days.sink):
        days.pass_day(5)
        assert database.execute("SELECT count(*) FROM tocsin.alerts").fetchone() == (1,)
        days.pass_day(6)
    assert database.execute("SELECT count(*) FROM tocsin.alerts").fetchone() == (0,)
