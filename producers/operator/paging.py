"""Where a page of a list ends and the next begins: after a row's sort key and number, not after a count of rows.

Pure. So pages neither skip nor repeat what was there all along while the list changes. Not here: SQL (`queries.py`).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import msgspec

from producers.operator.problems import Malformed

MAX_CURSOR = 500


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column, and which end first; `-` in the query means the largest."""

    name: str
    is_descending: bool

    @classmethod
    def parse(cls, text: str) -> Sort:
        return cls(text.removeprefix("-"), text.startswith("-"))

    def __str__(self) -> str:
        return f"{'-' if self.is_descending else ''}{self.name}"


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page: its sort key as PostgreSQL's text, and its number, or the id of what has none."""

    sort: str
    key: str
    number: int | str


def write_cursor(cursor: Cursor) -> str:
    return urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def read_cursor(text: str, sort: Sort, kind: type[int | str] = int) -> Cursor:
    """Read what `write_cursor` wrote for the same sort, of rows with a number (or an id: `kind`); raises `Malformed`."""
    try:
        padded = text[:MAX_CURSOR] + "=" * (-len(text) % 4)
        cursor = msgspec.json.decode(urlsafe_b64decode(padded.encode("ascii")), type=Cursor)
    except (ValueError, msgspec.DecodeError) as error:
        raise Malformed("The cursor is not one that a list gave as 'next'.") from error
    if type(cursor.number) is not kind:
        raise Malformed("The cursor is one of another list; begin without a cursor.")
    if cursor.sort != str(sort):
        raise Malformed(f"The cursor belongs to sort={cursor.sort}; go on with that, or begin without a cursor.")
    return cursor
