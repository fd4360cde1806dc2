"""Entries: when they are sealed, how they are cut in parts, what is covered."""

from __future__ import annotations

import pytest

from processors import journal
from processors.partition import COVER_MILLIS, HoleInInbox, PartitionWriter
from schemas.codec import decode, encode
from schemas.errors import BrokenChain
from schemas.records import Entry, Record
from tests.world import World, batch, read_journal, recovered_writer


def entries(parts: list[bytes] | None) -> list[Entry]:
    return [decode(part, Entry) for part in parts or ()]


def test_an_entry_covers_all_that_was_taken_since_the_one_before() -> None:
    world = World()
    world.tick(0)
    world.append(1, batch({"title": "A"}))
    for record in world.inbox:
        world.writer.take(record)
    [entry] = entries(world.writer.next_entry())
    assert (entry.base, entry.first_offset, entry.next_offset, entry.writer) == (-1, 0, 2, "writer-1")


def test_records_that_change_nothing_wait_for_half_a_minute_of_inbox_time() -> None:
    world = World()
    world.tick(0)
    world.run()
    for second in range(1, COVER_MILLIS // 1000 + 1):
        world.tick(second)
        world.writer.take(world.inbox[-1])
        is_due = second * 1000 >= COVER_MILLIS
        assert bool(world.writer.next_entry()) == is_due


def test_while_an_entry_is_in_flight_the_rest_gathers_for_the_next() -> None:
    world = World()
    for name in "ABC":
        world.append(1, batch({"title": name}))
    world.writer.take(world.inbox[0])
    assert world.writer.next_entry() is not None
    world.writer.take(world.inbox[1])
    world.writer.take(world.inbox[2])
    assert world.writer.next_entry() is None
    assert world.writer.pending_count == 2
    assert world.writer.acknowledged([0])
    [entry] = entries(world.writer.next_entry())
    assert (entry.base, entry.first_offset, entry.next_offset) == (0, 1, 3)


@pytest.mark.parametrize("offsets", [[1], [5], [0, 1], []])
def test_an_acknowledgement_at_any_other_offset_says_that_somebody_else_has_written(offsets: list[int]) -> None:
    world = World()
    world.append(1, batch({"title": "A"}))
    world.writer.take(world.inbox[0])
    assert world.writer.next_entry() is not None
    assert not world.writer.acknowledged(offsets)


def test_first_entry_after_recovery_is_expected_at_the_end_that_was_read_void_records_included() -> None:
    world = World()
    world.append(1, batch({"title": "A"}))
    world.run()
    with_a_duplicate = [*world.journal, *world.journal]
    writer = recovered_writer(with_a_duplicate, "writer-2")
    world.append(2, batch({"title": "A"}))
    writer.take(world.inbox[1])
    [entry] = entries(writer.next_entry())
    assert entry.base == 0
    assert writer.acknowledged([2])


def test_a_record_that_was_taken_is_passed_over_and_a_hole_is_named() -> None:
    world = World()
    for second in range(4):
        world.tick(second)
    assert world.writer.take(world.inbox[0]) is not None
    assert world.writer.take(world.inbox[0]) is None
    with pytest.raises(HoleInInbox) as hole:
        world.writer.take(world.inbox[3])
    assert (hole.value.expected, hole.value.got) == (1, 3)


def test_a_large_entry_is_written_in_parts_none_over_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_PART_BYTES", 3000)
    world = World()
    world.append(1, batch(*({"title": f"alert {number}", "description": "x" * 200} for number in range(60))))
    model = world.run()
    assert len(world.journal) > 4
    assert max(map(len, world.journal)) <= 3000
    assert [entry.part for entry in entries(world.journal)] == list(range(len(world.journal)))
    assert len(model.alerts) == 60
    assert read_journal(world.journal[:-1]).alerts == {}


def test_an_entry_that_will_be_too_large_is_not_written_whole_first(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Record] = []
    monkeypatch.setattr(journal, "MAX_PART_BYTES", 30_000)

    def encode_and_note(record: Record) -> bytes:
        written.append(record)
        return encode(record)

    monkeypatch.setattr(journal, "encode", encode_and_note)
    world = World()
    world.append(1, batch(*({"title": f"alert {number}", "description": "x" * 200} for number in range(60))))
    world.run()
    assert [record.part for record in written if isinstance(record, Entry)] == [0, 1]


def test_one_item_over_the_limit_is_still_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_PART_BYTES", 1000)
    world = World()
    world.append(1, batch({"title": "A", "payload": "x" * 5000}, {"title": "B"}))
    assert sorted(number for _, number in world.run().payloads) == [1, 2]


def test_recovery_refuses_a_journal_whose_beginning_is_gone() -> None:
    world = World()
    for name in "ABC":
        world.append(1, batch({"title": name}))
    world.run()
    writer = PartitionWriter("writer-2")
    with pytest.raises(BrokenChain):
        writer.restore(1, world.journal[1])
