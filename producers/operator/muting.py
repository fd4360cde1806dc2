"""How many alerts of the last 7 days a silence would have muted (BEHAVIOUR 5), within a bounded time.

Not here: which rows are counted (`queries.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from producers.operator import queries
from producers.operator.database import Reader
from producers.operator.narrowing import ALERTS, Filters, narrow
from producers.operator.queries import Scope
from producers.operator.scanning import keep_aside
from schemas.errors import Unavailable
from schemas.matchers import Matcher

log = structlog.get_logger()
LOOKED_BACK = timedelta(days=7)
PATIENCE_SECONDS = 1.5
"""The count is told before a silence is made, and must not keep anyone from making it."""


async def count_muted(database: Reader, scope: Scope, matchers: Sequence[Matcher], now: datetime) -> int | None:
    """Count them; None when that takes too long or the database does not answer."""
    narrowing = narrow(ALERTS, "a", Filters(matchers=matchers))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            rows = await database.rows(queries.count_muted(scope, narrowing, now - LOOKED_BACK))
            kept = await keep_aside(rows, narrowing.keep)
    except (TimeoutError, Unavailable) as error:
        log.warning("muted_alerts_uncounted", project=scope.project, reason=str(error) or f"{PATIENCE_SECONDS} s have passed")
        return None
    counts: list[int] = [row["count"] for row in kept]
    return sum(counts)
