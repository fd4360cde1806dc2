"""A record that Kafka refuses for good: what becomes of it, of its neighbours, and of what comes after."""

from __future__ import annotations

import pytest
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, TopicAuthorizationFailedError
from structlog.testing import capture_logs

from producers.inbox import LEAVE_SECONDS
from producers.oversize import Limit, Oversize
from producers.refusals import REMEMBERED_SECONDS, Refusals
from schemas.topics import MAX_MESSAGE_BYTES
from tests.unit.producers.stage import METADATA, FakeProducer, Stage

TOO_LARGE, FORBIDDEN = MessageSizeTooLargeError(), TopicAuthorizationFailedError("inbox")


@pytest.fixture(autouse=True)
def _quiet() -> object:
    with capture_logs() as logs:
        yield logs


def test_a_record_that_is_too_large_is_told_so_and_the_next_goes_out_by_another_producer() -> None:
    stage = Stage([FakeProducer(), FakeProducer()], limit_bytes=3_000)
    stage.send(b"large")
    stage.fail(TOO_LARGE)
    assert stage.settled == [Oversize("inbox", None)]
    stage.run_aside()
    stage.send(b"small")
    stage.acknowledge(1)
    assert (stage.settled[1], stage.producers[0].closed, stage.producers[1].values()) == (METADATA, [LEAVE_SECONDS], [b"small"])
    assert stage.counted == ["MessageSizeTooLargeError", "replaced", 0.0]


def test_what_the_library_fails_along_with_it_may_be_written_all_the_same() -> None:
    stage = Stage([FakeProducer(), FakeProducer()])
    stage.send(b"large")
    stage.send(b"neighbour")
    stage.send(b"silent neighbour")
    stage.fail(TOO_LARGE)
    stage.fail(TOO_LARGE, place=1)  # the same object: dragged along
    stage.run_aside()
    assert stage.settled == [Oversize("inbox", None), None, None]


def test_two_records_that_the_broker_refuses_itself_are_both_told_so() -> None:
    stage = Stage([FakeProducer(), FakeProducer()])
    stage.send(b"large")
    stage.send(b"large too")
    stage.fail(TOO_LARGE)
    stage.fail(MessageSizeTooLargeError(), place=1)
    assert (stage.settled, len(stage.aside)) == ([Oversize("inbox", None)] * 2, 1)


def test_what_is_sent_while_a_producer_is_replaced_is_held_and_goes_out_in_its_order() -> None:
    stage = Stage([FakeProducer(), FakeProducer()])
    stage.send(b"large")
    stage.fail(TOO_LARGE)
    stage.send(b"1")
    stage.while_connecting = lambda: stage.send(b"2")
    stage.run_aside()
    stage.send(b"3")
    assert (stage.producers[0].values(), stage.producers[1].values()) == ([b"large"], [b"1", b"2", b"3"])
    assert stage.settled == [Oversize("inbox", None)]


def test_what_is_held_is_given_up_while_no_broker_answers_and_what_comes_after_goes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.inbox.RETRY_SECONDS", 0.0)
    stage = Stage([FakeProducer(), FakeProducer()])
    stage.absences = 2
    stage.send(b"large")
    stage.fail(TOO_LARGE)
    stage.send(b"held")
    stage.run_aside()
    stage.send(b"next")
    assert (stage.settled, stage.producers[1].values()) == ([Oversize("inbox", None), None], [b"next"])


def test_a_refusal_that_is_not_the_records_fault_is_not_acknowledged_and_told_of_until_something_is() -> None:
    stage = Stage([FakeProducer(), FakeProducer()])
    stage.send()
    stage.acknowledge()
    stage.send()
    stage.fail(FORBIDDEN, place=1)
    assert (stage.settled, stage.inbox.is_answering) == ([METADATA, None], False)
    assert stage.inbox.trouble == "Kafka refuses what is sent to inbox: TopicAuthorizationFailedError"
    stage.run_aside()
    stage.send()
    stage.acknowledge(1)
    assert (stage.inbox.is_answering, stage.inbox.trouble) == (True, "")


def test_a_refusal_is_not_told_of_for_ever_where_nothing_is_sent_after_it() -> None:
    stage = Stage([FakeProducer()])
    stage.send()
    stage.fail(FORBIDDEN)
    stage.now = REMEMBERED_SECONDS
    assert stage.inbox.trouble == ""


@pytest.mark.parametrize("error", [KafkaTimeoutError("late"), KafkaError("closed")])
def test_errors_that_are_no_answer_of_the_broker_replace_nothing(error: KafkaError) -> None:
    stage = Stage([FakeProducer(), FakeProducer()])
    stage.send()
    if not error.retriable:
        stage.inbox.close(0)  # whereupon the library fails what it holds
    stage.fail(error)
    assert (stage.settled, stage.aside) == ([None], [])


def test_a_record_over_the_clients_own_limit_harms_no_producer() -> None:
    stage = Stage([FakeProducer(TOO_LARGE)])
    stage.send()
    assert (stage.settled, stage.aside) == ([Oversize("inbox", None)], [])


def test_a_limit_that_is_known_is_kept_to_without_the_broker_and_asked_for_again() -> None:
    stage = Stage([FakeProducer(), FakeProducer()], limit_bytes=3_000)
    stage.send(b"x" * 8_000)
    stage.fail(TOO_LARGE)
    stage.run_aside()
    stage.send(b"x" * 8_000)
    assert (stage.settled[1], stage.producers[1].sent) == (Oversize("inbox", 3_000), [])
    assert "at most 3,000 bytes in inbox" in stage.inbox.trouble
    stage.limit_bytes, stage.now = MAX_MESSAGE_BYTES, 5.0
    stage.inbox.look_after()
    stage.send(b"x" * 8_000)
    assert (len(stage.producers[1].sent), stage.inbox.trouble) == (1, "")


def test_one_refusal_is_made_good_at_once_and_many_in_a_row_more_slowly() -> None:
    refusals = Refusals(lambda: 0.0)
    waits = []
    for _ in range(5):
        refusals.note(FORBIDDEN, is_of_one_record=False)
        waits.append(refusals.back_off_seconds)
    refusals.clear()
    refusals.note(FORBIDDEN, is_of_one_record=False)
    assert (waits, refusals.back_off_seconds) == ([0.0, 1.0, 2.0, 2.0, 2.0], 0.0)


def test_the_broker_is_asked_for_its_limit_once_a_second_and_at_once_after_a_refusal() -> None:
    asked, now = list[int](), [0.0]
    limit = Limit("inbox", lambda: asked.append(len(asked)) or 3_000, lambda: now[0])  # type: ignore[func-returns-value]
    limit.ask_if_news()
    assert asked == []  # nothing was refused
    for _ in range(3):
        limit.ask_anew()
    assert (asked, limit.limit_bytes, limit.is_told) == ([0], 3_000, True)
    limit.refuse()
    limit.ask_anew()
    now[0] = 1.0
    limit.ask_anew()
    assert asked == [0, 1, 2]


def test_where_the_broker_does_not_tell_its_limit_the_refusal_is_told_of_for_a_minute() -> None:
    now = [0.0]
    limit = Limit("inbox", lambda: None, lambda: now[0])
    limit.refuse()
    limit.ask_anew()
    assert (limit.is_told, limit.limit_bytes, limit.admits(10**7)) == (False, None, True)
    assert limit.trouble == "Kafka has refused a record of inbox for its size (max.message.bytes)"
    now[0] = 60.0
    assert limit.trouble == ""
