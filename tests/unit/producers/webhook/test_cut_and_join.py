"""Requests into batches, batches into frames, and back: nothing lost, order kept, sizes held."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from producers.webhook.cut import MAX_RECORD_BYTES, Origin, cut_request
from producers.webhook.formats.parsed import Parsed
from producers.webhook.join import Joiner
from schemas.codec import encode
from schemas.records import AlertBatch, AlertEvent, Frame, Refusal
from tests.unit.producers.webhook.doors import a_door
from tests.unit.producers.webhook.fakes import FakeInbox, in_loop, until

DOOR = a_door()


def event(index: int, payload_bytes: int = 10) -> AlertEvent:
    return AlertEvent(index, "f" * 40, b"i" * 16, True, "high", 10**12, None, b"content", b"p" * payload_bytes)


def test_a_small_request_is_one_batch() -> None:
    parsed = Parsed("generic", [event(0), event(2)], [Refusal(1, "not an object")])
    assert [piece.batch for piece in cut_request(DOOR, "R", parsed)] == [
        AlertBatch("shop", "door", "generic", "critical", "R", 3, [event(0), event(2)], [Refusal(1, "not an object")])
    ]


def test_each_batch_of_a_request_says_when_it_was_received_and_from_whom() -> None:
    parsed = Parsed("prometheus", [event(0, 300_000), event(1, 300_000)], [])
    batches = [piece.batch for piece in cut_request(DOOR, "R", parsed, Origin(1_800_000_000_000, "a1b2c3"))]
    assert [(batch.received_at, batch.source) for batch in batches] == [(1_800_000_000_000, "a1b2c3")] * 2


def test_a_request_of_nothing_is_a_batch_of_nothing() -> None:
    (piece,) = cut_request(DOOR, "R", Parsed("generic", [], []))
    assert piece.batch == AlertBatch("shop", "door", "generic", "critical", "R", 0, [])


def test_a_request_of_refusals_alone_is_a_batch() -> None:
    (piece,) = cut_request(DOOR, "R", Parsed("generic", [], [Refusal(0, "r")]))
    assert (piece.batch.events, piece.batch.refusals, piece.batch.total) == ([], [Refusal(0, "r")], 1)


def test_many_small_events_take_no_more_than_they_are_said_to() -> None:
    events = [AlertEvent(10_000, "f" * 40, b"i" * 16, True, "high", 10**14, 10**14, b"", b"")] * 10_000
    for piece in cut_request(DOOR, "R", Parsed("generic", events, [])):
        assert len(encode(Frame([piece.batch]))) <= piece.size


@given(st.lists(st.integers(0, 300_000), max_size=30), st.lists(st.text(max_size=50), max_size=20))
def test_a_large_request_is_cut_in_order_into_batches_that_fit(sizes: list[int], reasons: list[str]) -> None:
    events = [event(index, size) for index, size in enumerate(sizes)]
    refusals = [Refusal(len(sizes) + index, reason) for index, reason in enumerate(reasons)]
    pieces = cut_request(DOOR, "R", Parsed("generic", events, refusals))
    assert [item for piece in pieces for item in piece.batch.events] == events
    assert [item for piece in pieces for item in piece.batch.refusals] == refusals
    for piece in pieces:
        assert len(encode(Frame([piece.batch]))) <= piece.size + 32
        assert piece.size <= MAX_RECORD_BYTES
        assert piece.batch.total == len(events) + len(refusals)


@in_loop
async def test_requests_that_come_together_share_one_frame_and_its_acknowledgement() -> None:
    inbox = FakeInbox(acknowledges=False)
    joiner = Joiner(3, inbox)
    pieces = [cut_request(a_door(), receipt, Parsed("generic", [event(0)], [Refusal(1, "r")]))[0] for receipt in "AB"]
    waiting = [joiner.add(piece) for piece in pieces]
    await until(lambda: bool(inbox.sent))
    assert inbox.sent == [(3, Frame([piece.batch for piece in pieces]), {"shop": 4})]
    assert not any(done.done() for done in waiting)
    inbox.settle(True)
    assert await asyncio.gather(*waiting) == ["written", "written"]


@in_loop
async def test_a_full_frame_leaves_at_once_and_none_exceeds_the_limit() -> None:
    inbox = FakeInbox()
    joiner = Joiner(0, inbox)
    parsed = Parsed("generic", [event(index, 200_000) for index in range(6)], [])
    done = [joiner.add(piece) for piece in cut_request(DOOR, "R", parsed)]
    assert len(inbox.sent) == 2
    joiner.flush()
    assert set(await asyncio.gather(*done)) == {"written"}
    assert [item.index for batch in inbox.batches() for item in batch.events] == [0, 1, 2, 3, 4, 5]
    assert max(inbox.sizes) <= MAX_RECORD_BYTES


@in_loop
async def test_what_kafka_gave_up_is_told_to_each_request() -> None:
    inbox = FakeInbox(acknowledges=False)
    joiner = Joiner(0, inbox)
    done = joiner.add(cut_request(DOOR, "R", Parsed("generic", [event(0)], []))[0])
    joiner.flush()
    inbox.settle(False)
    assert await done == "unknown"
