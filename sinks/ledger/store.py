"""The books on the compacted topic `ledger`: one record for each partition, so that a position and its counts never part.

A group's commit could not hold them (4 KiB of metadata), and two places could not be written at once. What is read twice
after a crash was not in the record yet. Not here: counting (`book.py`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

import msgspec

from schemas.chain import Position
from schemas.errors import OperatorError
from schemas.settings import Settings
from schemas.topics import LEDGER
from sinks.compacted import Change, CompactedTopic, Store
from sinks.ledger.book import Account, Book
from sinks.ledger.words import Words

COMPLAINT = "the topic `ledger` holds what this version cannot read"


class Kept(msgspec.Struct, frozen=True):
    """A partition's book as it is written; `pending` and `is_stuck` are for those who look, and not read back."""

    offset: int
    next_inbox: int
    accounts: dict[str, Account]
    pending: dict[str, int] = {}
    is_stuck: bool = False
    words: Words = {}


class BookStore:
    """Reads and writes books; raises `Unavailable`, and `Superseded` when another process has written."""

    def __init__(self, topic: Store) -> None:
        self._topic = topic
        self._written: dict[int, Kept] = {}

    def load(self, partitions: Iterable[int]) -> dict[int, Book]:
        self._written = read_kept(self._topic, partitions)
        return {
            partition: Book(
                Position(kept.offset, kept.next_inbox),
                {**kept.accounts},
                kept.next_inbox,
                {name: {**known} for name, known in kept.words.items()},
            )
            for partition, kept in self._written.items()
        }

    def save(self, books: Mapping[int, Book], stuck: Iterable[int]) -> None:
        """Write the books that have changed."""
        kept = {partition: _keep(book, partition in set(stuck)) for partition, book in books.items()}
        changed = {partition: one for partition, one in kept.items() if self._written.get(partition) != one}
        self._topic.write([Change(partition, str(partition), _pack(one)) for partition, one in changed.items()])
        self._written |= changed

    def close(self) -> None:
        self._topic.close()


def read_kept(topic: Store, partitions: Iterable[int]) -> dict[int, Kept]:
    """Read the books as they were last written."""
    return {int(partition): _unpack(value) for partition, value in topic.load(partitions).items()}


def open_topic(settings: Settings) -> CompactedTopic:
    return CompactedTopic(settings, LEDGER)


def _keep(book: Book, is_stuck: bool) -> Kept:
    accounts = {project: dict(account) for project, account in book.accounts.items()}
    words = {name: dict(known) for name, known in book.words.items()}
    return Kept(book.position.offset, book.position.next_inbox, accounts, book.pending(), is_stuck, words)


def _pack(kept: Kept) -> bytes:
    return zlib.compress(msgspec.json.encode(kept), 1)


def _unpack(value: bytes) -> Kept:
    try:
        return msgspec.json.decode(zlib.decompress(value), type=Kept)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise OperatorError(f"{COMPLAINT}: {error}") from error
