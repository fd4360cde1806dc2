"""Pages of which Python decides about the rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from threading import current_thread
from typing import Any

import pytest

from producers.operator.paging import Cursor, Sort
from producers.operator.queries import Query
from producers.operator.scanning import CHUNK, MOST_EXAMINED, Listing, read_page
from producers.operator.shapes import Row

BY_NUMBER = Sort("number", False)


@dataclass
class Numbers:
    """A table of so many numbered rows, from 1."""

    count: int

    async def rows(self, query: Query) -> list[Any]:
        first, limit = query.values["after"] + 1, query.values["limit"]
        return [{"number": number, "sort_key": str(number)} for number in range(first, min(first + limit, self.count + 1))]


def ask(cursor: Cursor | None, rows: int) -> Query:
    return Query("", {"after": cursor.number if cursor else 0, "limit": rows + 1})


def pages(count: int, wanted: Sequence[int], limit: int) -> list[list[int]]:
    listing = Listing(ask, BY_NUMBER, lambda row: row["number"] in wanted)
    found: list[list[int]] = []
    cursor: Cursor | None = None
    while not found or cursor is not None:
        rows, cursor = asyncio.run(read_page(Numbers(count), listing, cursor, limit))
        found.append([row["number"] for row in rows])
    return found


@pytest.mark.parametrize(
    ("count", "wanted", "expected"),
    [
        (0, [], [[]]),
        (5, [], [[]]),
        (5, [1, 5], [[1, 5]]),
        (5, [1, 3, 5], [[1, 3], [5]]),
        (CHUNK, [CHUNK - 1, CHUNK], [[CHUNK - 1, CHUNK]]),
        (CHUNK + 1, [CHUNK, CHUNK + 1], [[CHUNK, CHUNK + 1]]),
        (3 * CHUNK, [1, 2, 3, CHUNK + 1, 2 * CHUNK + 1], [[1, 2], [3, CHUNK + 1], [2 * CHUNK + 1]]),
        (MOST_EXAMINED + 9, [7, MOST_EXAMINED + 9], [[7], [MOST_EXAMINED + 9]]),
        (MOST_EXAMINED, [MOST_EXAMINED], [[MOST_EXAMINED]]),
    ],
)
def test_pages_hold_what_is_wanted_once_and_in_order(count: int, wanted: list[int], expected: list[list[int]]) -> None:
    assert pages(count, wanted, limit=2) == expected


def test_every_row_is_wanted_without_a_test() -> None:
    first, cursor = asyncio.run(read_page(Numbers(3), Listing(ask, BY_NUMBER), None, 2))
    assert (list(first), cursor) == (rows_of(1, 2), Cursor("number", "2", 2))
    assert asyncio.run(read_page(Numbers(3), Listing(ask, BY_NUMBER), cursor, 2)) == (rows_of(3), None)


def rows_of(*numbers: int) -> list[Row]:
    return [{"number": number, "sort_key": str(number)} for number in numbers]


def test_rows_are_judged_aside_so_that_others_are_answered_meanwhile() -> None:
    threads: set[str] = set()

    def keep(row: Row) -> bool:
        threads.add(current_thread().name)
        return True

    asyncio.run(read_page(Numbers(5), Listing(ask, BY_NUMBER, keep), None, 10))
    assert current_thread().name not in threads
    assert threads
