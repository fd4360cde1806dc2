from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors
from structlog.testing import capture_logs

from sinks.postgres import read_access
from sinks.postgres.migrate import migrate
from tests.integration.sinks.test_postgres_retention import add_alert, add_incident

Database = psycopg.Connection[Any]
VIEWS = ("alerts", "incidents", "timeline", "silences", "notifications", "outcomes")
OUTCOME = """
INSERT INTO tocsin.outcomes (partition, inbox_offset, item, project, integration, receipt, at, total, events)
VALUES (0, %s, 0, 'shop', %s, 'R', now(), 1, %s)"""
JOINED = """
INSERT INTO tocsin.timeline (project, incident, alert, number, at, actor, kind, text, details, inbox_offset, inbox_index)
VALUES ('shop', %s, %s, %s, now(), 'alert-bot', 'alert_joined', %s, %s, 0, 0)"""


@pytest.fixture
def database(own_database: str) -> Iterator[Database]:
    """Incident 1 is confidential, with alerts 1 (in it), 2, 3 and 6 (were in it); incident 2 is not."""
    migrate(own_database)
    with psycopg.connect(own_database, autocommit=True) as connection:
        for number in (1, 2):
            add_incident(connection, number, days=None)
        connection.execute(
            "UPDATE tocsin.incidents SET is_confidential = true, title = 'secret', first_alert = 6 WHERE number = 1"
        )
        for number, incident in enumerate((1, 2, None, 2, None, None), 1):
            add_alert(connection, number, days=None, incident=incident)
        joined = [(1, 2, "secret", "{}"), (1, None, "secret", '{"alert": "3"}'), (2, 2, "secret", "{}"), (2, 4, "joined", "{}")]
        for number, (incident, alert, text, details) in enumerate(joined, 2):
            connection.execute(JOINED, [incident, alert, number, text, details])
        events = [
            '{"index": 0, "outcome": "created", "alert": 1, "incident": 1}',
            '{"index": 1, "outcome": "merged", "alert": 3}',
            '{"index": 2, "outcome": "merged", "alert": 9, "incident": 1}',
            '{"index": 3, "outcome": "merged", "alert": 4, "incident": 2, "suppressed_by": {"kind": "silence", "id": "7"}}',
            '{"index": 4, "outcome": "rejected", "reason": "no labels"}',
        ]
        connection.execute(OUTCOME, [1, "web", f"[{', '.join(events)}]"])
        connection.execute(OUTCOME, [2, None, '[{"index": 0, "outcome": "refused", "alert": 4, "reason": "it is in secret #1"}]'])
        yield connection


@pytest.fixture
def reader(database: Database, own_database: str) -> Iterator[Database]:
    """The role itself, connected as such."""
    with psycopg.connect(own_database, user=read_access.ROLE, autocommit=True) as connection:
        assert connection.execute("SELECT session_user").fetchone() == (read_access.ROLE,)
        yield connection


def test_views_are_found_by_their_plain_names_and_show_nothing_confidential(reader: Database) -> None:
    queries = {
        "alerts": "SELECT number FROM alerts ORDER BY 1",
        "incidents": "SELECT number FROM incidents",
        "timeline": "SELECT coalesce(incident, 0), coalesce(alert, 0) FROM timeline ORDER BY 1, 2",
        "notifications": "SELECT incident FROM notifications",
        "outcomes": "SELECT index, outcome, alert, incident, suppressed_by_id, reason FROM outcomes ORDER BY 1",
    }
    assert {name: reader.execute(text).fetchall() for name, text in queries.items()} == {
        "alerts": [(4,), (5,)],
        "incidents": [(2,)],
        "timeline": [(0, 4), (0, 5), (2, 0), (2, 4)],
        "notifications": [(2,)],
        "outcomes": [(3, "merged", 4, 2, "7", None), (4, "rejected", None, None, None, "no labels")],
    }


def test_no_view_names_what_is_confidential(reader: Database, database: Database) -> None:
    database.execute("UPDATE tocsin.incidents SET merged_into = 1 WHERE number = 2")
    database.execute(
        "UPDATE tocsin.alerts SET previous = 2, suppressed_by_kind = 'inhibition', suppressed_by_id = '1' WHERE number = 4"
    )
    database.execute(
        "UPDATE tocsin.alerts SET previous = 4, suppressed_by_kind = 'silence', suppressed_by_id = '1' WHERE number = 5"
    )
    for number, text in enumerate(("merged into incident #1", "alert #3 left", "alert #4 joined, see #5"), 20):
        database.execute(JOINED, [2, 4, number, text, "{}"])
    assert reader.execute("SELECT merged_into FROM incidents").fetchall() == [(None,)]
    named = reader.execute("SELECT previous, suppressed_by_id FROM alerts ORDER BY number").fetchall()
    assert named == [(None, ""), (4, "1")]
    texts = reader.execute("SELECT text FROM timeline WHERE number >= 20 ORDER BY number").fetchall()
    assert texts == [("merged into incident (another)",), ("alert (another) left",), ("alert #4 joined, see #5",)]


def test_what_is_confidential_no_longer_is_shown_again(reader: Database, database: Database) -> None:
    database.execute("UPDATE tocsin.incidents SET is_confidential = false")
    assert reader.execute("SELECT count(*) FROM alerts").fetchone() == (6,)
    assert reader.execute("SELECT count(*) FROM incidents").fetchone() == (2,)


def test_no_view_has_payloads_or_what_only_the_core_needs(reader: Database) -> None:
    rows = reader.execute(
        "SELECT table_name, column_name::text FROM information_schema.columns WHERE table_schema = 'tocsin_read'"
    ).fetchall()
    assert {table for table, _ in rows} == set(VIEWS)
    private = {"payload", "identity", "content_hash", "payload_hash", "zoom", "told", "is_confidential", "inbox_offset"}
    assert private & {column for _, column in rows} == set()


def test_tables_and_functions_are_refused(reader: Database, database: Database) -> None:
    rows = database.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'tocsin'::regnamespace AND relkind IN ('r', 'p', 'v')"
    )
    tables = [table for (table,) in rows.fetchall()]
    assert {"alerts", "payloads", "incidents", "outcomes", "confidential_alerts"} <= set(tables)
    attempts = [f"SELECT * FROM tocsin.{table}" for table in tables]
    attempts += ["SELECT tocsin.drop_outcomes_before(current_date, 1)", "DELETE FROM alerts", "UPDATE incidents SET title = ''"]
    attempts += ["CREATE TABLE tocsin_read.mine ()", "SET ROLE tocsin"]
    for attempt in attempts:
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute(attempt)


def test_a_function_in_a_query_sees_only_what_the_view_shows(reader: Database) -> None:
    seen = list[str]()
    reader.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
    reader.execute(
        "CREATE FUNCTION pg_temp.tell(t text) RETURNS boolean COST 0.0001 LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE NOTICE '%', t; RETURN true; END $$"
    )
    for view, column in (("alerts", "number::text"), ("incidents", "title"), ("timeline", "text"), ("outcomes", "alert::text")):
        reader.execute(f"SELECT 1 FROM {view} WHERE pg_temp.tell({column})")
    assert set(seen) == {"4", "5", "t", "x", "joined", "<NULL>"}


def test_who_may_not_make_the_role_is_told_what_to_run_and_then_it_works(
    database_url: str, own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_access, "ROLE", "another_reader")
    name = urlsplit(own_database).path.removeprefix("/")
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE owner_only LOGIN")
        admin.execute(f"ALTER DATABASE {name} OWNER TO owner_only")
        url = psycopg.conninfo.make_conninfo(own_database, user="owner_only")
        with capture_logs() as logs:
            migrate(url)
        run = "CREATE ROLE another_reader LOGIN"
        told = {"event": "read_role_missing", "log_level": "warning", "run_as_superuser": run, "then": "tocsin database migrate"}
        assert logs == [told]
        admin.execute(run)
    with capture_logs() as logs:
        migrate(url)
    assert logs == []
    with psycopg.connect(own_database, user="another_reader") as reader:
        assert reader.execute("SELECT count(*) FROM tocsin_read.alerts").fetchone() == (0,)
