"""Pages of lists of which Python decides about some rows: asks for rows until a page is full.

Not here: how a page is asked for (`queries.py`), what decides (`narrowing.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from producers.operator.database import Reader
from producers.operator.paging import Cursor, Sort
from producers.operator.queries import Query
from producers.operator.shapes import Row

CHUNK = 500
MOST_EXAMINED = 10_000
"""Rows for one answer, about half a second of work. The page then holds what was found so far, and its cursor goes on."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list that was asked for; `ask` builds the query of the rows after a cursor, one more than it is told."""

    ask: Callable[[Cursor | None, int], Query]
    sort: Sort
    keep: Callable[[Row], bool] | None = None
    last: str = "number"
    """What rows of the same sort key are ordered by."""

    @property
    def kind(self) -> type[int | str]:
        """Whether that is a number or an id."""
        return str if self.last == "id" else int


async def read_page(database: Reader, listing: Listing, cursor: Cursor | None, limit: int) -> tuple[Sequence[Row], Cursor | None]:
    """Read at most `limit` rows, and where the following page begins; None when nothing follows."""
    if listing.keep is None:
        rows = await database.rows(listing.ask(cursor, limit))
        return rows[:limit], _after(rows[limit - 1], listing) if len(rows) > limit else None
    return await _search_page(database, listing, listing.keep, cursor, limit)


async def _search_page(
    database: Reader, listing: Listing, keep: Callable[[Row], bool], cursor: Cursor | None, limit: int
) -> tuple[Sequence[Row], Cursor | None]:
    kept: list[Row] = []
    for _ in range(0, MOST_EXAMINED, CHUNK):
        rows = await database.rows(listing.ask(cursor, CHUNK))
        kept += await keep_aside(rows[:CHUNK], keep)
        if len(kept) > limit:
            return kept[:limit], _after(kept[limit - 1], listing)
        if len(rows) <= CHUNK:
            return kept, None
        cursor = _after(rows[CHUNK - 1], listing)
    return kept, cursor


async def keep_aside(rows: Sequence[Row], keep: Callable[[Row], bool] | None) -> Sequence[Row]:
    """Give the rows that are kept, all where nothing decides. Deciding is work for a thread: RE2 lets others run meanwhile."""
    return rows if keep is None else await asyncio.to_thread(lambda: [row for row in rows if keep(row)])


def _after(row: Row, listing: Listing) -> Cursor:
    return Cursor(str(listing.sort), row["sort_key"], row[listing.last])
