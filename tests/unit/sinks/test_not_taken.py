"""A reader whose sink writes what Kafka does not take: it reads its state anew after a pause, says so, and goes on."""

from __future__ import annotations

import pytest

from sinks.reader import Reader
from sinks.sink import Batch, NotTaken
from tests.memory_kafka import MemoryJournal, MemoryKafka
from tests.unit.sinks.memory_sink import MemorySink
from tests.unit.sinks.test_reader import chain


class Told(list[tuple[str, str, bool]]):
    """What was said, with whether the reader was ready at that moment."""

    reader: Reader

    def tell(self, about: str, words: str) -> None:
        self.append((about, words, self.reader.is_ready))


def read(sink: MemorySink, journal: MemoryJournal) -> Told:
    told = Told()
    told.reader = Reader("test", sink, journal, lambda: journal.now, tell=told.tell)
    told.reader.run(journal.stop)
    return told


def test_what_kafka_refuses_is_tried_again_with_its_state_read_anew_after_longer_and_longer_pauses() -> None:
    refusals = iter([NotTaken("refused")] * 6)

    def refuse(batch: Batch) -> None:
        if (error := next(refusals, None)) is not None:
            raise error

    sink, journal = MemorySink(before_deliver=refuse), MemoryJournal(MemoryKafka({0: chain(2)}))
    told = read(sink, journal)
    assert (sink.applied, len(sink.assignments)) == ([(0, 0, False), (0, 1, False)], 7)
    assert sum(journal.held) == pytest.approx(0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 2.0)
    assert told == [("deliver", "refused", False)] * 6 + [("deliver", "", True)]


def test_what_kafka_refuses_between_two_entries_has_the_state_read_anew_too() -> None:
    refusals = iter([NotTaken("refused")])

    class Tending(MemorySink):
        def tend(self) -> None:
            if (error := next(refusals, None)) is not None:
                raise error

    journal = MemoryJournal(MemoryKafka({0: chain(1)}), before_poll=lambda number: wait(journal))
    sink = Tending()
    told = read(sink, journal)
    assert (told, len(sink.assignments)) == ([("tend", "refused", False), ("tend", "", True)], 2)


def wait(journal: MemoryJournal) -> None:
    """Let more time pass than lies between two turns of tending."""
    journal.now += 2
