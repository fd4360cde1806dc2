"""A position as the metadata of a consumer group's commit: small JSON text, for sinks without a store of their own.

Not here: committing (`journal.py`).
"""

from __future__ import annotations

import msgspec

from schemas.chain import Position
from schemas.errors import BrokenChain


class Bookmark(msgspec.Struct, frozen=True):
    """Where a reader stands in a partition; entries up to `history_end` (exclusive) are history to it (see `JournalEntry`)."""

    offset: int = -1
    next_inbox: int = 0
    history_end: int = 0

    @property
    def position(self) -> Position:
        return Position(self.offset, self.next_inbox)


def parse_bookmark(metadata: str | None) -> Bookmark | None:
    """Read a commit's metadata; None: there is none.

    Raises `BrokenChain` for text that is not ours: somebody has moved the group's offsets by hand.
    """
    if not metadata:
        return None
    try:
        return msgspec.json.decode(metadata, type=Bookmark)
    except msgspec.MsgspecError as error:
        raise BrokenChain(
            f"the group's commit says {metadata!r}, which no reader of ours wrote: {error}. "
            "Delete the group's offsets to begin anew"
        ) from error


def render_bookmark(bookmark: Bookmark) -> str:
    return msgspec.json.encode(bookmark).decode()
