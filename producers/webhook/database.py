"""PostgreSQL as receipts read it: the only file of the webhook that knows psycopg.

Nothing is opened before the first receipt is asked for, and accepting alerts never waits for it.
"""

from __future__ import annotations

import logging

import msgspec
import psycopg
from psycopg_pool import AsyncConnectionPool

from producers.webhook.outcomes import AlertOutcome
from schemas.errors import Unavailable

POOL_SIZE = 4
WAIT_SECONDS = 3.0
IDLE_SECONDS = 60.0
OPTIONS = "-c default_transaction_read_only=on -c statement_timeout=3000 -c timezone=UTC -c application_name=tocsin-webhook"
FIND = """
SELECT (SELECT jsonb_agg(event) FROM jsonb_array_elements(events) event WHERE (event->>'index')::int BETWEEN %s AND %s)
FROM tocsin.outcomes WHERE receipt = %s AND project = %s AND integration = %s"""


class Database:
    """A pool of read-only connections, opened in the event loop that first uses it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: AsyncConnectionPool | None = None

    async def find(self, project: str, integration: str, receipt: str, wanted: range) -> list[AlertOutcome] | None:
        """Give the outcomes that are known of these alerts of a request, None where it is not known; raises `Unavailable`."""
        if not self._url:
            raise Unavailable("no PostgreSQL: TOCSIN_DATABASE_URL is empty")
        try:
            pool = await self._open_pool()
            async with pool.connection() as connection:
                cursor = await connection.execute(FIND, (wanted.start, wanted.stop - 1, receipt, project, integration))
                rows = await cursor.fetchall()
        except psycopg.Error as error:
            raise Unavailable(f"PostgreSQL: {str(error).strip()}") from error
        return [msgspec.convert(event, AlertOutcome) for (events,) in rows for event in events or ()] if rows else None

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close(timeout=1)

    async def _open_pool(self) -> AsyncConnectionPool:
        if self._pool is None:
            # The pool tells of each failed attempt to connect; who asked is answered 503.
            logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
            self._pool = AsyncConnectionPool(
                self._url,
                kwargs={"autocommit": True, "options": OPTIONS, "connect_timeout": 3},
                min_size=0,
                max_size=POOL_SIZE,
                max_idle=IDLE_SECONDS,
                timeout=WAIT_SECONDS,
                reconnect_timeout=5,
                check=AsyncConnectionPool.check_connection,
                open=False,
            )
            await self._pool.open(wait=False)
        return self._pool
