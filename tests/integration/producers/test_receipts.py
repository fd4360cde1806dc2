"""Receipts on real PostgreSQL: found by request and owner, away means unavailable, back means found again."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from producers.webhook.database import Database
from producers.webhook.outcomes import AlertOutcome
from schemas.errors import Unavailable
from schemas.records import SuppressedBy
from sinks.postgres.migrate import migrate

INSERT = """
INSERT INTO tocsin.outcomes (partition, inbox_offset, item, project, integration, receipt, at, total, events)
VALUES (0, %s, 0, %s, %s, %s, '2026-01-01T00:00:00Z', 3, %s)"""
FIRST = """[{"index": 0, "outcome": "created", "alert": 1, "incident": 4},
            {"index": 1, "outcome": "rejected", "reason": "no labels"}]"""
SECOND = '[{"index": 2, "outcome": "merged", "alert": 2, "suppressed_by": {"kind": "silence", "id": "7"}}]'
KNOWN = [
    AlertOutcome(0, "created", alert=1, incident=4),
    AlertOutcome(1, "rejected", reason="no labels"),
    AlertOutcome(2, "merged", alert=2, suppressed_by=SuppressedBy("silence", "7")),
]


def fill(url: str) -> None:
    migrate(url)
    rows: list[Any] = [
        (1, "shop", "web", "R-3", FIRST),
        (2, "shop", "web", "R-3", SECOND),
        (3, "shop", "web", "S-1", SECOND),
        (4, "bank", "web", "R-3", SECOND),
        (5, "shop", "other", "R-3", SECOND),
    ]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(INSERT, rows)


def test_a_requests_outcomes_are_found_in_all_its_records_and_nobody_elses(own_database: str) -> None:
    async def ask() -> list[list[AlertOutcome] | None]:
        database = Database(own_database)
        try:
            return [await database.find("shop", "web", receipt, range(3)) for receipt in ("R-3", "T-1")]
        finally:
            await database.close()

    fill(own_database)
    found, unknown = asyncio.run(ask())
    assert (sorted(found or [], key=lambda one: one.index), unknown) == (KNOWN, None)


def test_a_database_that_goes_away_is_unavailable_and_back_it_is_found_again(own_database: str, database_url: str) -> None:
    def allow(is_allowed: bool) -> None:
        name = urlsplit(own_database).path.removeprefix("/")
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {is_allowed}")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))

    async def ask() -> None:
        database = Database(own_database)
        assert len(await database.find("shop", "web", "R-3", range(3)) or []) == 3
        allow(False)
        with pytest.raises(Unavailable):
            await database.find("shop", "web", "R-3", range(3))
        allow(True)
        assert len(await database.find("shop", "web", "R-3", range(3)) or []) == 3
        await database.close()

    fill(own_database)
    asyncio.run(ask())


@pytest.mark.parametrize("url", ["", "postgresql://nobody@127.0.0.1:1/none"])
def test_without_a_database_receipts_are_unavailable(url: str) -> None:
    async def ask() -> None:
        database = Database(url)
        try:
            await database.find("shop", "web", "R-3", range(3))
        finally:
            await database.close()

    with pytest.raises(Unavailable):
        asyncio.run(ask())
