"""Which entries of a journal count."""

from __future__ import annotations

import pytest

from schemas.chain import Accepted, Follower, Pending, Position, Void
from schemas.codec import encode
from schemas.errors import BrokenChain
from schemas.records import Entry


def entry(base: int, first: int, following: int, writer: str = "w", part: int = 0, parts: int = 1) -> Entry:
    return Entry(writer, "1", base, first, following, part, parts)


def test_entry_that_builds_on_the_last_one_is_accepted() -> None:
    follower, made = Follower(Position(4, 10)), entry(4, 10, 12)
    assert follower.offer(7, made) == Accepted((made,), Position(7, 12))
    assert follower.position == Position(7, 12)


def test_first_entry_of_a_partition_builds_on_minus_one_and_starts_at_0() -> None:
    made = entry(-1, 0, 5)
    assert Follower().offer(0, made) == Accepted((made,), Position(0, 5))


def test_entry_on_an_older_base_is_void() -> None:
    follower = Follower(Position(4, 10))
    assert follower.offer(5, entry(3, 8, 11)) == Void("builds on 3, the chain is at 4")
    assert follower.position == Position(4, 10)


def test_entry_on_a_newer_base_stops_the_reader() -> None:
    with pytest.raises(BrokenChain, match="entries between them are missing"):
        Follower(Position(4, 10)).offer(7, entry(6, 10, 11))


def test_entry_that_leaves_out_inbox_records_stops_the_reader() -> None:
    with pytest.raises(BrokenChain, match="its base ended at 10"):
        Follower(Position(4, 10)).offer(5, entry(4, 11, 12))


def test_bytes_that_no_schema_reads_stop_the_reader() -> None:
    for value in (None, b"", b"{}", b"\xc3\x01" + bytes(8)):
        with pytest.raises(BrokenChain, match="journal offset 5 cannot be read"):
            Follower(Position(4, 10)).offer_bytes(5, value)


def test_parts_count_when_the_last_has_come_and_its_offset_is_the_entry_s() -> None:
    follower = Follower(Position(4, 10))
    first, second = entry(4, 10, 12, part=0, parts=2), entry(4, 10, 12, part=1, parts=2)
    assert follower.offer_bytes(5, encode(first)) == Pending()
    assert follower.position == Position(4, 10)
    assert follower.offer_bytes(6, encode(second)) == Accepted((first, second), Position(6, 12))


def test_a_part_that_comes_twice_counts_once() -> None:
    follower = Follower(Position(4, 10))
    first, second = entry(4, 10, 12, part=0, parts=2), entry(4, 10, 12, part=1, parts=2)
    verdicts = [follower.offer(5, first), follower.offer(6, first), follower.offer(7, second)]
    assert verdicts == [Pending(), Void("part 0 came twice"), Accepted((first, second), Position(7, 12))]


def test_a_part_without_the_one_before_it_is_void() -> None:
    assert Follower().offer(0, entry(-1, 0, 2, part=1, parts=2)) == Void("part 1 came without the one before it")


def test_of_two_writers_the_first_to_complete_its_entry_wins() -> None:
    follower = Follower()
    slow = [entry(-1, 0, 3, writer="slow", part=part, parts=2) for part in range(2)]
    quick = entry(-1, 0, 2, writer="quick")
    assert follower.offer(0, slow[0]) == Pending()
    assert follower.offer(1, quick) == Accepted((quick,), Position(1, 2))
    assert follower.offer(2, slow[1]) == Void("builds on -1, the chain is at 1")
