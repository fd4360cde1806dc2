"""Counts of alerts by status, on real PostgreSQL and Kafka: what the lists would hold, within a bounded time."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from producers.operator.database import Database as Reading
from producers.operator.narrowing import ALERTS, Filters, narrow
from producers.operator.paging import Sort
from producers.operator.queries import MOST_COUNTED, Query, Scope, count_alerts, list_alerts
from schemas.settings import Settings
from tests.integration.producers.operator.door import ALERT, INCIDENT, Asking, Database, alert, fill_for_filters, fill_many


def give_numbers(database: Database, alerts: int, deleted: int = 0) -> None:
    """Say how many alerts of the project there have been, as the sink does, and how many were deleted since."""
    database.execute("DELETE FROM tocsin.projects")
    database.execute(
        "INSERT INTO tocsin.projects (project, version, alerts, incidents, alerts_deleted) VALUES ('shop', 1, %s, 3, %s)",
        [alerts, deleted],
    )


@pytest.mark.parametrize("search", ["", "?search=ALERT"])
def test_counts_are_what_the_viewer_finds_in_the_lists(asking: Asking, database: Database, search: str) -> None:
    for number, (author, assignees) in enumerate((("bob", []), ("ada", ["bob"]), ("ada", [])), 1):
        database.execute(INCIDENT, (number, "triggered", "2026-01-01", author, assignees, True))
    statuses = [status for status in ("triggered", "acknowledged", "resolved", "ignored") for _ in range(5)]
    with database.cursor() as cursor:
        cursor.executemany(ALERT, [alert(number, incident=(None, 1, 2, 3, 3)[number % 5]) for number in range(8, 28)])
        cursor.executemany(
            "UPDATE tocsin.alerts SET status = %s WHERE number = %s", list(zip(statuses, range(8, 28), strict=True))
        )
    give_numbers(database, 27, deleted=7)
    for viewer, number in (("bob", 3), ("carl", 1), ("ada", 5)):
        counts = asking.get(f"/api/v1/projects/shop/alerts/counts{search}", viewer).raise_for_status().json()
        listed = {status: len(asking.numbers(f"alerts?limit=500&status={status}", viewer)) for status in counts}
        assert counts == listed == dict.fromkeys(("triggered", "acknowledged", "resolved", "ignored"), number)


def test_counts_are_by_status_with_the_filters_of_the_list(asking: Asking, database: Database) -> None:
    fill_for_filters(database)
    database.execute("UPDATE tocsin.alerts SET status = 'ignored' WHERE number > 3")
    give_numbers(database, 5)

    def counts(said: str) -> dict[str, int]:
        answer = asking.get(f"/api/v1/projects/shop/alerts/counts{said}").raise_for_status().json()
        return {status: count for status, count in answer.items() if count}

    assert counts("") == {"triggered": 3, "ignored": 2}
    assert counts("?status=open&search=full") == {"triggered": 2}
    assert counts('?matcher=service=~"web.*"&matcher=team=~".%2B"&matcher=alertname!="x"') == {"triggered": 1, "ignored": 1}


def test_of_what_is_resolved_a_search_counts_a_thousand_and_says_that_there_is_more(asking: Asking, database: Database) -> None:
    fill_many(database)
    database.execute("UPDATE tocsin.alerts SET title = 'B' WHERE number % 9 = 0")  # 1,000 in all, 20 of them triggered
    database.execute("UPDATE tocsin.alerts SET title = 'C' WHERE number < 1100 AND status = 'resolved'")

    def counts(said: str) -> dict[str, Any]:
        answer = asking.get(f"/api/v1/projects/shop/alerts/counts?{said}").raise_for_status().json()
        return {name: count for name, count in answer.items() if count}

    assert counts("search=b") == {"triggered": 20, "resolved": 860}
    assert counts("search=c") == {"resolved": 1000, "more_than": ["resolved"]}
    assert counts("search=a") == {"triggered": 160, "resolved": 1000, "more_than": ["resolved"]}
    assert counts("search=a&status=open") == {"triggered": 160}
    assert counts("search=b&status=resolved") == {"resolved": 860}
    assert counts('search=c&matcher=title=~"C"') == counts('matcher=title="C"') == {"resolved": 1078}


def test_a_search_that_counts_looks_at_no_more_of_what_is_resolved(database: Database) -> None:
    fill_many(database)
    query = count_alerts(Scope("shop", "ada", True), narrow(ALERTS, "a", Filters(search="A")))
    plan = "\n".join(line for (line,) in database.execute("EXPLAIN ANALYZE " + query.text, query.values))
    assert sorted({int(count) for count in re.findall(r"actual time=\S+ rows=(\d+)", plan)})[-1] == 180 + MOST_COUNTED + 1, plan


def test_no_statement_is_planned_for_any_values(settings: Settings) -> None:
    scope = Scope("shop", "ada", True)

    async def prepared() -> list[Any]:
        database = Reading(settings.database_url)
        await database.open()
        for number in range(30):  # at the sixth time a connection of the pool would prepare it
            narrowing = narrow(ALERTS, "a", Filters(search=str(number)))
            await database.rows(list_alerts(scope, narrowing, Sort("number", True), None, 10))
        found = await database.rows(Query("SELECT statement FROM pg_prepared_statements", {}))
        await database.close()
        return found

    assert asyncio.run(prepared()) == []
