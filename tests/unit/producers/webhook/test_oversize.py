"""Requests that are larger than Kafka takes, and their neighbours in the same frame."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.oversize import Oversize
from producers.webhook.cut import Piece, cut_request
from producers.webhook.fit import fit
from producers.webhook.formats.parsed import Parsed
from producers.webhook.frame_body import encode_frame
from producers.webhook.join import events_header
from producers.webhook.publish import Publisher
from producers.webhook.refused import NotDurable, TooLarge
from schemas.records import AlertEvent, Refusal
from tests.unit.producers.webhook.doors import a_door
from tests.unit.producers.webhook.fakes import Acknowledged, FakeInbox, in_loop, until
from tests.unit.producers.webhook.site import Site

LIMIT = 3_000
REASON = "larger than Kafka takes: over max.message.bytes of inbox, 3,000 bytes"


def an_event(index: int, size: int) -> AlertEvent:
    return AlertEvent(index, "f" * 40, b"i" * 16, True, "high", 10**12, None, b"content", b"p" * size)


def a_request(receipt: str, *sizes: int) -> list[Piece]:
    """One alert of each size."""
    return cut_request(a_door(), receipt, Parsed("generic", [an_event(*one) for one in enumerate(sizes)], []))


def written(inbox: FakeInbox) -> dict[str, list[int]]:
    """The places of the alerts that Kafka has, by receipt."""
    found: dict[str, list[int]] = {}
    for batch in inbox.batches():
        found.setdefault(batch.receipt, []).extend(event.index for event in batch.events)
    return found


@in_loop
async def test_an_alert_that_is_too_large_costs_its_neighbours_nothing_but_time() -> None:
    inbox = FakeInbox(limit_bytes=LIMIT)
    publisher = Publisher(inbox, 4)
    requests = [a_request("A", 100), a_request("B", 8_000), a_request("C", 100, 200)]
    done = await asyncio.gather(*map(publisher.publish, requests), return_exceptions=True)
    assert (done[0], done[2], written(inbox)) == ([], [], {"A": [0], "C": [0, 1]})
    assert isinstance(done[1], TooLarge)
    assert str(done[1]) == f"This is {REASON}. Nothing of it was written: shorten it."
    assert (len(inbox.refused_sizes), publisher.unacknowledged_bytes) == (1, 0)  # the whole frame, and none of them again


@in_loop
async def test_a_request_of_many_is_cut_to_the_limit_and_only_what_never_fits_is_refused() -> None:
    inbox = FakeInbox(limit_bytes=LIMIT)
    refused = await Publisher(inbox, 4).publish(a_request("A", *[400] * 20, 8_000, *[400] * 5))
    assert (refused, written(inbox)) == ([Refusal(20, REASON)], {"A": [*range(20), *range(21, 26)]})
    assert [batch.refusals for batch in inbox.batches() if batch.refusals] == [[Refusal(20, REASON)]]
    assert sum(sum(header.values()) for _, _, header in inbox.sent) == 26  # each is counted as received, once


@in_loop
async def test_a_limit_that_is_known_is_asked_for_before_anyone_is_refused_by_it() -> None:
    inbox = FakeInbox(known_limit_bytes=LIMIT)  # it stood once, and the topic takes all again
    assert await Publisher(inbox, 4).publish(a_request("A", 8_000)) == []
    assert (written(inbox), inbox.refused_sizes) == ({"A": [0]}, [])


@in_loop
async def test_where_kafka_does_not_tell_its_limit_each_is_tried_alone() -> None:
    inbox = FakeInbox(limit_bytes=LIMIT, tells_its_limit=False)
    publisher = Publisher(inbox, 4)
    requests = [a_request("A", 100), a_request("B", 8_000), a_request("C", 2_000, 2_000)]
    done = await asyncio.gather(*map(publisher.publish, requests), return_exceptions=True)
    assert (done[0], type(done[1]), done[2], written(inbox)) == ([], TooLarge, [], {"A": [0], "C": [0, 1]})
    assert "over max.message.bytes of inbox. Nothing" in str(done[1])


@in_loop
async def test_a_part_is_not_sent_after_a_later_part_of_its_request_was_written() -> None:
    inbox = FakeInbox(acknowledges=False)
    publishing = asyncio.create_task(Publisher(inbox, 1).publish(a_request("A", 500_000, 500_000)))
    await until(lambda: len(inbox.waiting) == 2)
    inbox.acknowledges = True
    inbox.waiting[0].set_result(Oversize("inbox", None))
    inbox.waiting[1].set_result(Acknowledged())
    inbox.waiting.clear()
    with pytest.raises(NotDurable, match="may still have been written"):
        await publishing


@in_loop
async def test_a_frame_that_is_joined_keeps_to_the_limit_that_is_known() -> None:
    inbox = FakeInbox(limit_bytes=LIMIT, known_limit_bytes=LIMIT)
    publisher = Publisher(inbox, 1)
    await asyncio.gather(*(publisher.publish(a_request(f"{number}", 500)) for number in range(20)))
    assert (inbox.refused_sizes, len(inbox.sent) < 20, len(written(inbox))) == ([], True, 20)


def test_who_sends_what_kafka_never_takes_is_told_413_with_the_limit() -> None:
    site = Site(FakeInbox(limit_bytes=LIMIT))
    status, said = site.problem(b'{"title":"%s"}' % (b"x" * 8_000))
    assert (status, "3,000 bytes" in said, "max.message.bytes" in said) == (413, True, True)


def test_who_sends_many_is_told_which_one_kafka_never_takes() -> None:
    site = Site(FakeInbox(limit_bytes=LIMIT))
    body = b'[{"title":"a"},{"title":"%s"},7,{"title":"b"}]' % (b"x" * 8_000)
    refused = [{"index": 1, "reason": REASON}, {"index": 2, "reason": "not an object"}]
    assert site.post(body) == (202, {"receipt": "01RECEIPT", "accepted": 2, "rejected": refused})


@given(st.lists(st.integers(0, 6_000), max_size=30), st.integers(0, 5), st.integers(600, 5_000))
def test_all_that_fits_is_written_once_in_order_and_the_rest_is_refused(sizes: list[int], refusals: int, room: int) -> None:
    events = [an_event(*one) for one in enumerate(sizes)]
    said = [Refusal(len(sizes) + number, "r") for number in range(refusals)]
    pieces = cut_request(replace(a_door(), project="shop"), "R", Parsed("generic", events, said))
    fitted = fit(pieces, room, "too large")
    kept = [event.index for piece in fitted.pieces for event in piece.batch.events]
    gone = [refusal.index for refusal in fitted.refusals]
    told = [refusal for piece in fitted.pieces for refusal in piece.batch.refusals]
    assert sorted(kept + gone) == list(range(len(sizes)))
    assert kept == sorted(kept)
    assert told == said + fitted.refusals
    for piece in fitted.pieces:
        assert len(encode_frame([piece.batch])) + len(events_header([piece.batch])) == piece.size <= room
        assert piece.batch.total == len(sizes) + refusals
