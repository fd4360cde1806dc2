"""Following the journal's chain: which entries count, for every reader alike (DESIGN section 1, "Reading the journal").

Pure: no Kafka, no state of alerts. A reader offers each journal record in order and applies what is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from schemas.codec import decode
from schemas.errors import BrokenChain, MalformedRecord
from schemas.records import Entry


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader stands in one partition, to be kept atomically with what it applied.

    `offset` is the journal offset of the last entry accepted (of its last part), -1 before the first;
    `next_inbox` is the inbox offset after the last one that entry covers.
    """

    offset: int = -1
    next_inbox: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """An entry that counts: all its parts in order, and where the reader stands after it."""

    parts: tuple[Entry, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Pending:
    """A part whose entry is not complete yet; nothing to apply, the position stays."""


@dataclass(frozen=True, slots=True)
class Void:
    """A record that counts for nothing: a duplicate after a retry, or a zombie's; `reason` for the log, `kind` for the metric."""

    reason: str
    kind: Literal["older base", "part out of order"] = field(default="older base", compare=False)


Verdict = Accepted | Pending | Void


@dataclass(slots=True)
class Follower:
    """Follows one partition's journal from a position; reading starts at the offset after it."""

    position: Position = field(default_factory=Position)
    _parts: dict[str, list[Entry]] = field(default_factory=dict)

    def offer_bytes(self, offset: int, value: bytes | None) -> Verdict:
        """Decode a journal record and offer it.

        Raises `BrokenChain` (the operator's) for bytes that this version cannot read: a reader that skipped
        them would part from the others.
        """
        try:
            entry = decode(value or b"", Entry)
        except MalformedRecord as error:
            raise BrokenChain(f"journal offset {offset} cannot be read: {error}") from error
        return self.offer(offset, entry)

    def offer(self, offset: int, entry: Entry) -> Verdict:
        """Judge the record at `offset`; offsets must rise, gaps between them are fine.

        Raises `BrokenChain` when the entry builds on one that this reader has not seen, or does not go on
        where its base ended.
        """
        if entry.base < self.position.offset:
            return Void(f"builds on {entry.base}, the chain is at {self.position.offset}")
        if entry.base > self.position.offset:
            raise BrokenChain(
                f"journal offset {offset} builds on entry {entry.base}, but the last one read is {self.position.offset}: "
                "entries between them are missing"
            )
        if entry.first_offset != self.position.next_inbox or entry.next_offset < entry.first_offset:
            raise BrokenChain(
                f"journal offset {offset} covers inbox {entry.first_offset} to {entry.next_offset}, "
                f"but its base ended at {self.position.next_inbox}"
            )
        return self._gather(offset, entry)

    def _gather(self, offset: int, entry: Entry) -> Verdict:
        parts = self._parts.setdefault(entry.writer, [])
        if entry.part < len(parts):
            return Void(f"part {entry.part} came twice", "part out of order")
        if entry.part > len(parts):
            return Void(f"part {entry.part} came without the one before it", "part out of order")
        parts.append(entry)
        if len(parts) < entry.parts:
            return Pending()
        self._parts.clear()
        self.position = Position(offset, entry.next_offset)
        return Accepted(tuple(parts), self.position)
