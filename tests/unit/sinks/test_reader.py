from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

import pytest

from schemas.chain import Position
from schemas.codec import encode
from schemas.errors import BrokenChain, Unavailable
from schemas.records import Entry
from sinks.bookmark import Bookmark
from sinks.journal import JournalRecord
from sinks.reader import PATIENCE, Reader
from sinks.sink import Batch, Superseded
from tests.memory_kafka import MemoryJournal, MemoryKafka, read_all
from tests.unit.sinks.alerts import alert, alert_section
from tests.unit.sinks.memory_sink import MemorySink


def entry(base: int, first: int, after: int, part: int = 0, parts: int = 1, writer: str = "w", alerts: bytes = b"") -> bytes:
    return encode(Entry(writer, "1", base, first, after, part, parts, alerts=alerts))


def chain(count: int) -> list[bytes]:
    return [entry(number - 1, number, number + 1) for number in range(count)]


SPLIT = [entry(-1, 0, 3), entry(0, 3, 9, 0, 3), entry(0, 3, 9, 1, 3), entry(0, 3, 9, 2, 3), entry(3, 9, 10)]
"""Three entries; the second in three parts."""


def test_entries_of_every_partition_are_applied_in_order_and_then_committed() -> None:
    kafka, sink = MemoryKafka({0: chain(2), 1: chain(3)}), MemorySink()
    read_all(sink, MemoryJournal(kafka))
    assert sink.applied == [(0, 0, False), (0, 1, False), (1, 0, False), (1, 1, False), (1, 2, False)]
    assert kafka.commits == {0: (2, Bookmark(1, 2)), 1: (3, Bookmark(2, 3))}


def test_what_builds_on_an_older_entry_is_passed_over() -> None:
    zombie = entry(0, 1, 5, writer="zombie")
    kafka, sink = MemoryKafka({0: [*chain(2), zombie, *chain(3)[1:2], entry(1, 2, 3)]}), MemorySink()
    read_all(sink, MemoryJournal(kafka))
    assert sink.applied == [(0, 0, False), (0, 1, False), (0, 4, False)]


@pytest.mark.parametrize("per_poll", [1, 2, 3, 5])
def test_parts_are_applied_as_one_entry_however_they_are_polled(per_poll: int) -> None:
    sink = MemorySink()
    read_all(sink, MemoryJournal(MemoryKafka({0: SPLIT}), per_poll))
    assert sink.applied == [(0, 0, False), (0, 3, False), (0, 4, False)]


@pytest.mark.parametrize("seen", [2, 3])
def test_a_commit_never_rests_between_two_parts(seen: int) -> None:
    kafka, sink = MemoryKafka({0: SPLIT[:seen]}), MemorySink(stores_positions=False)
    read_all(sink, MemoryJournal(kafka))
    assert kafka.commits == {0: (1, Bookmark(0, 3, seen))}
    kafka.partitions[0] = SPLIT
    read_all(sink, MemoryJournal(kafka))
    assert sink.applied == [(0, 0, True), (0, 3, False), (0, 4, False)]


def test_a_storing_sink_goes_on_from_its_own_position_whatever_was_committed() -> None:
    kafka, sink = MemoryKafka({0: chain(4)}), MemorySink(positions={0: Position(1, 2)})
    kafka.commits[0] = (4, Bookmark(3, 4))
    read_all(sink, MemoryJournal(kafka))
    assert sink.applied == [(0, 2, False), (0, 3, False)]


def test_what_was_applied_and_not_committed_comes_again_to_a_sink_without_positions() -> None:
    kafka, sink = MemoryKafka({0: chain(1)}, commits={0: (0, Bookmark())}), MemorySink(stores_positions=False)
    crashing = MemoryJournal(kafka)
    crashing.is_committing = False
    read_all(sink, crashing)
    read_all(sink, MemoryJournal(kafka))
    assert sink.applied == [(0, 0, False), (0, 0, False)]


def test_the_journal_up_to_its_end_at_the_first_start_is_history_also_after_a_crash() -> None:
    kafka, sink = MemoryKafka({0: chain(4)}), MemorySink(stores_positions=False)

    def crash_at_third(batch: Batch) -> None:
        if batch.entries[0].position.offset == 2:
            raise ZeroDivisionError

    sink.before_deliver = crash_at_third
    with pytest.raises(ZeroDivisionError):
        read_all(sink, MemoryJournal(kafka, per_poll=1))
    sink.before_deliver = lambda batch: None
    kafka.partitions[0] = chain(6)
    read_all(sink, MemoryJournal(kafka, per_poll=1))
    assert sink.applied == [(0, 0, True), (0, 1, True), (0, 2, True), (0, 3, True), (0, 4, False), (0, 5, False)]


def test_where_history_ends_is_committed_before_anything_is_done_about_it() -> None:
    kafka, seen = MemoryKafka({0: chain(2)}), []
    sink = MemorySink(stores_positions=False, before_deliver=lambda batch: seen.append(dict(kafka.commits)))
    read_all(sink, MemoryJournal(kafka))
    assert seen == [{0: (0, Bookmark(-1, 0, 2))}]


def test_an_unavailable_world_is_asked_again_after_twice_as_long() -> None:
    failures = iter([Unavailable("away"), Unavailable("away"), Unavailable("away")])

    def fail(batch: Batch) -> None:
        if (error := next(failures, None)) is not None:
            raise error

    journal, sink = MemoryJournal(MemoryKafka({0: chain(2)})), MemorySink(before_deliver=fail)
    read_all(sink, journal)
    assert sink.applied == [(0, 0, False), (0, 1, False)]
    assert journal.held == pytest.approx([0.1, 0.2, 0.25, 0.15])


def test_a_superseded_reader_goes_on_from_the_position_that_the_store_has_now() -> None:
    sink = MemorySink(positions={0: Position(-1, 0)})

    def find_others_work(batch: Batch) -> None:
        if batch.before[0].offset < 1:
            sink.positions[0] = Position(1, 2)
            raise Superseded("somebody was here")

    sink.before_deliver = find_others_work
    read_all(sink, MemoryJournal(MemoryKafka({0: chain(4)})))
    assert sink.applied == [(0, 2, False), (0, 3, False)]


def test_a_broken_chain_stops_the_reader_after_what_came_before_it() -> None:
    kafka, sink = MemoryKafka({0: [*chain(2), entry(5, 9, 10), *chain(3)[2:]]}), MemorySink()
    with pytest.raises(BrokenChain, match="partition 0: journal offset 2 builds on entry 5, but the last one read is 1"):
        read_all(sink, MemoryJournal(kafka))
    assert sink.applied == [(0, 0, False), (0, 1, False)]
    assert kafka.commits == {0: (2, Bookmark(1, 2))}


def test_an_unreadable_section_stops_the_reader_before_anything_is_done_about_its_entry() -> None:
    kafka, sink = MemoryKafka({0: [*chain(1), entry(0, 1, 2, alerts=b"\xc3\x01newer...")]}), MemorySink()
    with pytest.raises(BrokenChain, match="partition 0, journal offset 1"):
        read_all(sink, MemoryJournal(kafka))
    assert sink.applied == [(0, 0, False)]


def test_a_section_that_no_sink_asks_for_need_not_be_readable() -> None:
    kafka, sink = MemoryKafka({0: [entry(-1, 0, 1, alerts=b"\xc3\x01newer...")]}), MemorySink(sections=frozenset())
    read_all(sink, MemoryJournal(kafka))
    assert sink.applied == [(0, 0, False)]


def test_after_a_rebalance_only_the_partitions_left_are_read_on() -> None:
    kafka, sink = MemoryKafka({0: chain(3), 1: chain(3)}), MemorySink()
    journal = MemoryJournal(kafka, 1, before_poll=lambda number: journal.rebalance(1) if number == 2 else None)
    read_all(sink, journal)
    assert sink.assignments == [(0, 1), (1,)]
    assert sink.applied == [(0, 0, False), (1, 0, False), (1, 1, False), (1, 2, False)]


def test_records_of_a_poll_that_rebalanced_are_read_again_where_they_belong() -> None:
    class Rebalancing(MemoryJournal):
        def poll(self, seconds: float) -> Sequence[JournalRecord]:
            records = super().poll(seconds)
            if self.generation == 1:
                self.rebalance(1)
            return records

    sink = MemorySink()
    read_all(sink, Rebalancing(MemoryKafka({0: chain(2), 1: chain(2)})))
    assert sink.applied == [(1, 0, False), (1, 1, False)]


def test_a_batch_in_hand_is_given_up_when_its_partition_has_gone_meanwhile() -> None:
    kafka, sink = MemoryKafka({0: chain(1), 1: chain(1)}), MemorySink()
    journal = MemoryJournal(kafka)

    def lose_partition(batch: Batch) -> None:
        if 0 in batch.before:
            journal.rebalance(1)
            raise Unavailable("away")

    sink.before_deliver = lose_partition
    read_all(sink, journal)
    assert sink.applied == [(1, 0, False)]


def test_a_journal_that_ends_before_the_position_is_waited_for_and_then_refused() -> None:
    journal, sink = MemoryJournal(MemoryKafka({0: chain(2)})), MemorySink(positions={0: Position(7, 8)})
    with pytest.raises(BrokenChain, match="partition 0 of the journal ends at offset 2, but entry 7 of it was applied"):
        read_all(sink, journal)
    assert len(sink.assignments) == PATIENCE + 1


def test_a_journal_whose_beginning_is_gone_is_followed_when_only_void_records_are_missing() -> None:
    records = [*chain(2), entry(-1, 0, 9), entry(1, 2, 3)]
    kafka, sink = MemoryKafka({0: records}, first={0: 3}), MemorySink(positions={0: Position(1, 2)})
    read_all(sink, MemoryJournal(kafka))
    assert sink.applied == [(0, 3, False)]


def test_a_journal_whose_beginning_is_gone_is_refused_when_entries_are_missing() -> None:
    kafka = MemoryKafka({0: chain(4)}, first={0: 3})
    with pytest.raises(BrokenChain, match="entries between them are missing"):
        read_all(MemorySink(), MemoryJournal(kafka))


def test_told_to_stop_it_finishes_the_batch_in_hand_and_leaves_the_rest() -> None:
    kafka, sink = MemoryKafka({0: [entry(-1, 0, 1, alerts=b"x" * 2**20), entry(0, 1, 2)]}), MemorySink(False, frozenset())
    journal = MemoryJournal(kafka)
    sink.before_deliver = lambda batch: journal.stop.set()
    read_all(sink, journal)
    assert sink.applied == [(0, 0, True)]
    assert kafka.commits == {0: (1, Bookmark(0, 1, 2))}


WAIT_SECONDS = 5
ALERTS = alert_section(alert(1, 1))
LARGE = [entry(-1, 0, 3, part, 3, alerts=ALERTS) for part in range(3)]
"""An entry that is applied aside, where two alerts are enough for that."""


@pytest.fixture
def large_is_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinks.reader.LARGE_ENTRY", 2)


def two_sinks(before_large: Callable[[Batch], None]) -> tuple[MemorySink, MemorySink]:
    """Make a sink and the one for large entries, on one store."""
    sink = MemorySink()
    return sink, MemorySink(applied=sink.applied, positions=sink.positions, before_deliver=before_large)


@pytest.mark.usefixtures("large_is_three")
def test_other_partitions_go_on_while_a_large_entry_is_applied_and_its_own_waits() -> None:
    others_are_applied = Event()

    def wait(batch: Batch) -> None:
        assert others_are_applied.wait(WAIT_SECONDS), "the other partition waited"

    def note(batch: Batch) -> None:
        if batch.after.get(1) == Position(2, 3):
            others_are_applied.set()

    kafka = MemoryKafka({0: [*LARGE, entry(2, 3, 4), entry(3, 4, 5)], 1: chain(3)})
    sink, large = two_sinks(wait)
    sink.before_deliver = note
    read_all(sink, MemoryJournal(kafka), large)
    assert sink.applied == [(1, 0, False), (1, 1, False), (1, 2, False), (0, 2, False), (0, 3, False), (0, 4, False)]
    assert kafka.commits == {0: (5, Bookmark(4, 5)), 1: (3, Bookmark(2, 3))}


@pytest.mark.usefixtures("large_is_three")
def test_what_came_before_a_large_entry_is_applied_before_it() -> None:
    sink, large = two_sinks(lambda batch: None)
    records = [*chain(2), *(entry(1, 2, 9, part, 3, alerts=ALERTS) for part in range(3))]
    read_all(sink, MemoryJournal(MemoryKafka({0: records})), large)
    assert sink.applied == [(0, 0, False), (0, 1, False), (0, 4, False)]
    assert large.assignments == [(0,)]


@pytest.mark.usefixtures("large_is_three")
def test_a_large_entry_is_tried_again_until_it_works_out_and_the_reader_is_not_ready_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sinks.attempts.FIRST_RETRY_SECONDS", 0.001)
    were_ready: list[bool] = []

    def fail_twice(batch: Batch) -> None:
        were_ready.append(reader.is_ready)
        if len(were_ready) < 3:
            raise Unavailable("away")

    sink, large = two_sinks(fail_twice)
    journal = MemoryJournal(MemoryKafka({0: [*LARGE, entry(2, 3, 4)]}))
    reader = Reader("test", sink, journal, sink_for_large=large)
    reader.run(journal.stop)
    assert (sink.applied, journal.held) == ([(0, 2, False), (0, 3, False)], [])
    assert were_ready == [True, False, False]


@pytest.mark.usefixtures("large_is_three")
def test_a_large_entry_that_somebody_else_has_applied_is_passed_over() -> None:
    def find_others_work(batch: Batch) -> None:
        sink.positions[0] = Position(2, 3)
        raise Superseded("somebody was here")

    sink, large = two_sinks(find_others_work)
    read_all(sink, MemoryJournal(MemoryKafka({0: [*LARGE, entry(2, 3, 4)]})), large)
    assert (sink.applied, sink.assignments) == ([(0, 3, False)], [(0,), (0,)])


@pytest.mark.usefixtures("large_is_three")
def test_a_partition_that_has_gone_while_its_large_entry_is_applied_is_read_no_further() -> None:
    has_gone = Event()

    def wait(batch: Batch) -> None:
        assert has_gone.wait(WAIT_SECONDS), "never rebalanced"

    def rebalance(number: int) -> None:
        if number == 3:
            journal.rebalance(1)
            has_gone.set()

    sink, large = two_sinks(wait)
    journal = MemoryJournal(MemoryKafka({0: [*LARGE, entry(2, 3, 4)], 1: chain(1)}), before_poll=rebalance)
    read_all(sink, journal, large)
    assert sorted(sink.applied) == [(0, 2, False), (1, 0, False)]
    assert sink.assignments == [(0, 1), (1,)]


@pytest.mark.usefixtures("large_is_three")
def test_a_partition_that_comes_back_is_read_on_from_the_stored_position() -> None:
    is_back = Event()

    def wait(batch: Batch) -> None:
        if batch.before[0] != large.positions.get(0, Position()):
            raise Superseded("somebody was here")
        assert is_back.wait(WAIT_SECONDS), "never rebalanced"

    def rebalance(number: int) -> None:
        if number == 3:
            journal.rebalance(0)
        if number == 4:
            is_back.set()

    sink, large = two_sinks(wait)
    journal = MemoryJournal(MemoryKafka({0: [*LARGE, entry(2, 3, 4)]}), before_poll=rebalance)
    read_all(sink, journal, large)
    assert sink.applied == [(0, 2, False), (0, 3, False)]


@pytest.mark.usefixtures("large_is_three")
def test_told_to_stop_it_waits_for_the_large_entry_in_hand() -> None:
    kafka = MemoryKafka({0: [*LARGE, entry(2, 3, 4)]})
    journal = MemoryJournal(kafka)
    sink, large = two_sinks(lambda batch: journal.stop.set())
    read_all(sink, journal, large)
    assert sink.applied == [(0, 2, False)]
    assert kafka.commits == {0: (3, Bookmark(2, 3))}


@pytest.mark.usefixtures("large_is_three")
def test_a_large_entry_that_cannot_be_read_stops_the_reader() -> None:
    sink, large = two_sinks(lambda batch: None)
    records = [*LARGE[:2], entry(-1, 0, 3, 2, 3, alerts=b"\xc3\x01newer...")]
    with pytest.raises(BrokenChain, match="partition 0, journal offset 2"):
        read_all(sink, MemoryJournal(MemoryKafka({0: records})), large)
    assert sink.applied == []


@pytest.mark.usefixtures("large_is_three")
def test_many_parts_of_few_alerts_are_no_large_entry() -> None:
    sink, large = two_sinks(lambda batch: pytest.fail("was applied aside"))
    read_all(sink, MemoryJournal(MemoryKafka({0: SPLIT})), large)
    assert sink.applied == [(0, 0, False), (0, 3, False), (0, 4, False)]
