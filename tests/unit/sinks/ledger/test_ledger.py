"""The ledger adds up, and says so loudly when it does not."""

from __future__ import annotations

import msgspec
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from schemas.codec import decode, encode
from schemas.records import Command, Entry, OutcomeSection
from sinks.ledger.metrics import UNKNOWN_STATUS
from sinks.ledger.sink import STUCK_SECONDS
from sinks.ledger.words import MAX_WORDS, OTHERS, Word
from tests.unit.sinks.ledger.world import LedgerWorld
from tests.world import PROJECT, batch, millis


def alarm(reason: str) -> float | None:
    return REGISTRY.get_sample_value("tocsin_ledger_alarm", {"reason": reason})


def shown_difference() -> float | None:
    return REGISTRY.get_sample_value("tocsin_ledger_difference", {"project": PROJECT})


@pytest.fixture
def ledger() -> LedgerWorld:
    return LedgerWorld()


def lose_an_outcome(ledger: LedgerWorld, place: int) -> None:
    """Take the last outcome of an event out of an entry, as a fault of the worker would."""
    entry = decode(ledger.world.journal[place], Entry)
    (outcome,) = decode(entry.outcomes, OutcomeSection).items
    outcomes = OutcomeSection([msgspec.structs.replace(outcome, events=outcome.events[:-1])])
    ledger.world.journal[place] = encode(msgspec.structs.replace(entry, outcomes=encode(outcomes)))


def test_received_events_are_the_sum_of_what_became_of_them(ledger: LedgerWorld) -> None:
    ledger.alert("a", "b")
    ledger.alert("a")
    ledger.world.run()
    ledger.read()
    assert ledger.account() == {"received": 3, "created": 2, "merged": 1}
    assert (shown_difference(), alarm("difference")) == (0, 0)


def test_what_the_chain_does_not_cover_yet_is_pending_and_no_difference(ledger: LedgerWorld) -> None:
    ledger.alert("a")
    ledger.world.run()
    ledger.alert("b", "c")
    ledger.read()
    assert (ledger.account(), ledger.kept().pending) == ({"received": 1, "created": 1}, {PROJECT: 2})
    assert alarm("difference") == 0


def shown_words() -> dict[str, float]:
    (family,) = UNKNOWN_STATUS.collect()
    return {sample.labels["word"]: sample.value for sample in family.samples}


def test_words_without_a_meaning_are_counted_by_integration_and_go_on_after_a_restart(ledger: LedgerWorld) -> None:
    ledger.alert("a", "b", unknown_status="degraded")
    ledger.alert("c")
    ledger.world.run()
    ledger.read()
    ledger.alert("a", unknown_status="degraded")
    ledger.world.run()
    ledger.read()
    assert ledger.kept().words == {f"{PROJECT}/generic": {"degraded": Word(3, millis(2))}}
    assert (shown_words(), ledger.account()["received"]) == ({"degraded": 3}, 4)


def test_words_are_bounded_and_what_comes_beyond_is_counted_together(ledger: LedgerWorld) -> None:
    for number in range(MAX_WORDS + 5):
        ledger.alert("a", unknown_status=f"word {number}")
    ledger.world.run()
    ledger.read()
    known = ledger.kept().words[f"{PROJECT}/generic"]
    assert (len(known), known[OTHERS].count) == (MAX_WORDS + 1, 5)


def test_a_word_that_was_not_sent_for_a_day_is_dropped(ledger: LedgerWorld) -> None:
    ledger.alert("a", unknown_status="degraded")
    ledger.world.tick(90_000)
    ledger.world.append(90_001, batch({"title": "a", "unknown_status": "meh"}), headers=(("events", b'{"shop":1}'),))
    ledger.world.run()
    ledger.read()
    assert list(ledger.kept().words[f"{PROJECT}/generic"]) == ["meh"]


def test_command_is_no_event(ledger: LedgerWorld) -> None:
    ledger.alert("a")
    ledger.world.append(1, Command(PROJECT, "c1", "ada", "acknowledge", "alert", 1, b"{}"))
    ledger.world.run()
    ledger.read()
    assert ledger.account() == {"received": 1, "created": 1}


def test_frame_that_cannot_be_read_is_rejected_by_its_header(ledger: LedgerWorld) -> None:
    ledger.world.append_bytes(0, b"rubbish", (("events", b'{"shop": 4}'),))
    ledger.world.run()
    ledger.read()
    assert ledger.account() == {"received": 4, "rejected": 4}


@pytest.mark.parametrize("header", [b"", b"[]", b'{"shop": "many"}', b'{"shop": -1}'])
def test_header_that_says_nothing_counts_nothing(ledger: LedgerWorld, header: bytes) -> None:
    ledger.world.append_bytes(0, b"rubbish", (("events", header),))
    ledger.alert("a")
    ledger.world.run()
    ledger.read()
    assert ledger.account() == {"received": 1, "created": 1}


def test_entry_with_an_outcome_missing_raises_the_alarm(ledger: LedgerWorld) -> None:
    ledger.alert("a", "b")
    ledger.world.run()
    lose_an_outcome(ledger, 0)
    with capture_logs() as logs:
        ledger.read()
    said = {"project": PROJECT, "difference": 1, "received": 2, "created": 1}
    assert [line for line in logs if line["log_level"] == "error"] == [
        {"event": "ledger_disagreed", "log_level": "error", **said}
    ]
    assert (shown_difference(), alarm("difference")) == (1, 1)


def test_header_that_counts_one_more_raises_the_alarm(ledger: LedgerWorld) -> None:
    ledger.alert("a", claimed=2)
    ledger.world.run()
    ledger.read()
    assert (shown_difference(), alarm("difference")) == (1, 1)


def test_restart_at_any_entry_counts_on_exactly(ledger: LedgerWorld) -> None:
    for titles in ("ab", "a", "bc", "abc"):
        ledger.alert(*titles)
        ledger.world.run()
        ledger.read()
    assert ledger.account() == {"received": 8, "created": 3, "merged": 5}


def test_crash_before_the_books_are_written_counts_nothing_twice(ledger: LedgerWorld) -> None:
    ledger.alert("a")
    ledger.world.run()
    ledger.read()
    ledger.alert("a", "b")
    ledger.world.run()
    ledger.topic.fail_at = 1
    sink = ledger.read()
    ledger.read(sink)
    assert ledger.account() == {"received": 3, "created": 2, "merged": 1}


@pytest.mark.parametrize(("committed", "is_stuck"), [(1, False), (2, True)])
def test_pending_for_a_minute_is_an_alarm_only_if_the_worker_has_passed_it(
    ledger: LedgerWorld, committed: int, is_stuck: bool
) -> None:
    ledger.alert("a")
    ledger.world.run()
    ledger.alert("b")
    ledger.commits[0] = committed
    sink = ledger.read()
    assert alarm("pending") == 0
    ledger.now += STUCK_SECONDS + 1
    sink.tend()
    assert (alarm("pending"), ledger.kept().is_stuck) == (float(is_stuck), is_stuck)
