"""PostgreSQL as the API reads it: the only file here that knows psycopg.

Not here: what is asked (`queries.py`).
"""

from __future__ import annotations

from typing import Protocol

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from producers.operator.problems import Malformed
from producers.operator.queries import Query
from producers.operator.shapes import Row
from schemas.errors import Unavailable

POOL_SIZE = 8
WAIT_SECONDS = 3.0
"""For a free connection: longer, and the person who asked has gone."""
OPTIONS = "-c default_transaction_read_only=on -c statement_timeout=5000 -c timezone=UTC -c application_name=tocsin-operator"
READY = Query("SELECT 1 FROM tocsin.positions LIMIT 1", {})


class Reader(Protocol):
    """Answers queries; a fake stands in for it in tests."""

    async def rows(self, query: Query) -> list[Row]:
        """Run a query; raises `Unavailable`, or `Malformed` for a value that the database cannot read."""
        ...


class Database:
    """A pool of read-only connections, opened in the event loop that uses it."""

    def __init__(self, url: str) -> None:
        self._pool = AsyncConnectionPool(
            url,
            # Nothing is prepared: a plan for any word is a bad one for the words that are common: ten times slower.
            kwargs={"autocommit": True, "options": OPTIONS, "connect_timeout": 3, "prepare_threshold": None},
            min_size=1,
            max_size=POOL_SIZE,
            timeout=WAIT_SECONDS,
            reconnect_timeout=5,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def open(self) -> None:
        """Begin to connect; does not wait for the database."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close(timeout=1)

    async def rows(self, query: Query) -> list[Row]:
        try:
            async with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(query.text, query.values)
                return list(await cursor.fetchall())
        except psycopg.DataError as error:
            raise Malformed("A value in the request is none that the list can be compared with.") from error
        except psycopg.Error as error:
            raise Unavailable(f"PostgreSQL: {str(error).strip()}") from error

    async def is_answering(self) -> bool:
        """Whether the database answers and has the read model."""
        try:
            await self.rows(READY)
        except Unavailable:
            return False
        return True
