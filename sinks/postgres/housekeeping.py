"""Keeps the read model in bounds: days of outcomes are added ahead and dropped when they are old, and so is what is over.

Its time is the journal's, so that a replay of old entries keeps what they say. Not here: writing entries (`sink.py`), how a
day is added or dropped (`migrations/0005_outcomes_by_day.sql`), what is over (`retention.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import psycopg
import structlog

from sinks.postgres.retention import delete_old
from sinks.sink import Batch

log = structlog.get_logger()
DAY_MILLIS = 86_400_000
OUTCOME_DAYS = 7
"""For so long receipts are answered, and what became of events can be looked up (DESIGN section 3)."""
PAUSE_SECONDS = 60.0
MOST_ROWS = 500
"""In one statement: 1 to 12 ms, in which this process writes no entry. (Adding a day: 16 to 26, dropping seven: 42 to 86.)"""
ADD_DAY = "SELECT tocsin.add_outcomes_day((tocsin.at(%s) AT TIME ZONE 'UTC')::date)"
DROP_DAYS = "SELECT tocsin.drop_outcomes_before((tocsin.at(%s) AT TIME ZONE 'UTC')::date, %s)"


class Housekeeping:
    """What one sink process knows of it; two processes do no harm. `clock` only tells pauses, in seconds."""

    def __init__(self, clock: Callable[[], float], retention_days: int) -> None:
        self._clock = clock
        self._retention_days = retention_days
        self._now: int | None = None
        self._due_at = clock()
        self._days: set[int] = set()

    def new_days(self, batch: Batch) -> list[int]:
        """Learn from a batch what time it is; give the days in it that were not asked for yet."""
        told = [entry.partition_state.now for entry in batch.entries if entry.partition_state is not None]
        self._now = max(told if self._now is None else [self._now, *told], default=None)
        days = {one.at // DAY_MILLIS for entry in batch.entries for one in entry.outcomes}
        return sorted(days - self._days)

    def add_days(self, connection: psycopg.Connection, days: Iterable[int]) -> None:
        """Give days partitions of their own, as far as that can be had at once; rows of others lie beside them."""
        for day in days:
            connection.execute(ADD_DAY, [day * DAY_MILLIS])
            self._days.add(day)

    def forget_days(self) -> None:
        """Ask anew which days there are: the database may be another, or another process has dropped some."""
        self._days.clear()

    def is_due(self) -> bool:
        return self._now is not None and self._clock() >= self._due_at

    def keep(self, connection: psycopg.Connection) -> None:
        """Do a little of what is due, in statements that each stand alone."""
        if self._now is None:
            return
        today = self._now // DAY_MILLIS
        self.add_days(connection, (today, today + 1))
        is_done = self._drop_days(connection, today - OUTCOME_DAYS) and self._delete(connection, self._now)
        self._due_at = self._clock() + (PAUSE_SECONDS if is_done else 0)

    def _delete(self, connection: psycopg.Connection, now: int) -> bool:
        count = delete_old(connection, now, self._retention_days)
        if count:
            log.info("history_deleted", rows=count, older_than_days=self._retention_days)
        return count == 0

    def _drop_days(self, connection: psycopg.Connection, day: int) -> bool:
        self._days = {one for one in self._days if one >= day}
        return connection.execute(DROP_DAYS, [day * DAY_MILLIS, MOST_ROWS]).fetchone() == (True,)
