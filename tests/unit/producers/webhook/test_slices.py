"""Large arrays in slices: the same elements as of the whole, nothing of what is not JSON, and nobody waits for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.webhook import publish
from producers.webhook.cut import MAX_RECORD_BYTES, Cutter
from producers.webhook.document import document_steps, finish
from producers.webhook.door import build_doors
from producers.webhook.formats import recognise
from producers.webhook.formats.parsed import MAX_REMEMBERED_BYTES, Parsed, Slice, Taken
from producers.webhook.places import end_of_value
from producers.webhook.publish import Publisher
from producers.webhook.refused import NotDurable, NotJson, TooLarge
from producers.webhook.slices import SLICE_BYTES, SLICE_ELEMENTS, Slices, slice_steps, split
from producers.webhook.turns import Turn, Turns
from schemas.configuration import Configuration, Integration, Project
from schemas.limits import Limits
from schemas.records import AlertBatch
from tests.unit.producers.webhook.doors import a_door, whole
from tests.unit.producers.webhook.fakes import FakeInbox, in_loop, until
from tests.unit.producers.webhook.site import Site

LIMITS = Limits()
LISTED = LIMITS.max_listed_refusals
PAD = "p" * 3000
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='[]{}",\\ é\ud800', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='[]{}",\\', max_size=3), inner, max_size=3),
    max_leaves=6,
)


def envelope(*alerts: object, **members: object) -> bytes:
    return json.dumps({"version": "4", "alerts": alerts, **members}).encode()


def cut(array: bytes, most: int = 1000) -> Slices:
    return finish(slice_steps(array, len(array) - len(array.lstrip()), most, LIMITS))[0]


def many(count: int, **members: object) -> list[dict[str, object]]:
    return [{"labels": {"alertname": "A", "n": str(number)}, **members} for number in range(count)]


@given(st.lists(VALUES, min_size=1, max_size=200), st.sampled_from(["", " ", "\n\t"]))
def test_slices_hold_the_bytes_of_the_elements_in_their_order(values: list[object], blank: str) -> None:
    written = [json.dumps(value) for value in values]
    array = f"{blank}[{blank}{f'{blank},{blank}'.join(written)}{blank}]{blank}".encode()
    large = cut(array)
    assert [bytes(element).decode() for elements in large for element in elements] == written
    assert (large.count, large.size) == (len(values), len(array.strip()))


@pytest.mark.parametrize("array", [b"[]", b" [ \n ] ", b"[" + b" " * 200_000 + b"]"])
def test_an_array_of_nothing_has_no_slices(array: bytes) -> None:
    large = cut(array, 0)
    assert (large.count, list(large)) == (0, [])


def test_a_slice_is_as_much_as_an_ordinary_request() -> None:
    small = [len(elements) for elements in cut(json.dumps(many(1000)).encode())]
    large = [len(elements) for elements in cut(json.dumps(many(1000, pad=PAD)).encode())]
    assert (max(small), sum(small)) == (SLICE_ELEMENTS, 1000)
    assert (max(large) * 3000 <= SLICE_BYTES + 3000, sum(large)) == (True, 1000)


@pytest.mark.parametrize("end", [b"", b",", b",]", b"1]", b"}", b"]x", b"] ]", b',"\\x"]', b",01]", b",{]", b";1]"])
def test_what_is_not_json_at_its_end_is_refused_before_its_beginning_is_made_anything_of(end: bytes) -> None:
    with pytest.raises(NotJson):
        finish(document_steps(json.dumps(many(5000)).encode()[:-1] + end, LIMITS, 10_000))


def test_a_large_array_has_no_more_elements_than_it_may() -> None:
    assert cut(b"[" + b",".join([b"1"] * 100) + b"]", 100).count == 100
    with pytest.raises(TooLarge, match="100 alerts"):
        cut(b"[" + b",".join([b"1"] * 101) + b"]", 100)


def test_small_arrays_come_in_slices_too_and_have_the_same_limit() -> None:
    small = b"[" + b",".join([b"1"] * 100) + b"]"
    assert [len(elements) for elements in split(small, 100, LIMITS)] == [SLICE_ELEMENTS] * 3 + [100 - 3 * SLICE_ELEMENTS]
    with pytest.raises(TooLarge, match="99 alerts"):
        split(small, 99, LIMITS)


@pytest.mark.parametrize("name", ["generic", "alertmanager", "grafana"])
def test_a_large_body_becomes_what_small_ones_would(name: str) -> None:
    alerts = [*many(500, description="d" * 300), 7, {}, *many(200)]
    parsed = recognise.parse(body_of(name, *alerts), a_door())
    parts = [recognise.parse(body_of(name, one), a_door()) for one in alerts]
    made = whole(parsed)
    assert (parsed.format, parsed.later is not None) == (name, True)
    assert [event.fingerprint for event in made.events] == [event.fingerprint for part in parts for event in part.events]
    assert [refusal.reason for refusal in made.refusals] == [refusal.reason for part in parts for refusal in part.refusals]
    assert sorted([event.index for event in made.events] + [one.index for one in made.refusals]) == list(range(len(alerts)))


def body_of(name: str, *alerts: object) -> bytes:
    if name == "generic":
        return json.dumps(alerts).encode()
    return envelope(*alerts, **({"orgId": 1} if name == "grafana" else {}))


def test_lone_surrogates_in_a_large_body_are_kept_as_they_came() -> None:
    body = json.dumps([{"labels": {"a": f"\ud800 {number} {PAD}"}} for number in range(300)]).encode()
    made = whole(recognise.parse(body, a_door()))
    assert [json.loads(event.payload) for event in made.events] == json.loads(body)


@pytest.mark.parametrize(("count", "finds"), [(1000, True), (1400, False)])
def test_what_a_huge_body_holds_is_not_remembered(count: int, finds: bool) -> None:
    door = build_doors(Configuration(projects={"p": Project(integrations={"i": Integration(format="generic")})}))["p", "i"]
    body = envelope(*many(count, pad=PAD))
    assert (len(body) < MAX_REMEMBERED_BYTES) == finds
    made = whole(recognise.parse(body, door)).events
    again = whole(recognise.parse(body, door)).events
    assert (made == again, made[0].content is again[0].content) == (True, finds)


def large_site(inbox: FakeInbox) -> Site:
    return Site(inbox, patience_seconds=30)


def test_a_group_of_any_number_is_accepted_in_several_records_with_one_receipt() -> None:
    inbox = FakeInbox()
    body = envelope(*many(12_000), {"labels": {}})
    status, answer = large_site(inbox).post(body, "am")
    assert (status, answer["accepted"], answer["rejected"]) == (202, 12_000, [{"index": 12_000, "reason": "no labels"}])
    assert len(inbox.sent) > 1
    assert max(inbox.sizes) <= MAX_RECORD_BYTES
    assert {(batch.receipt, batch.total, batch.format) for batch in inbox.batches()} == {("01RECEIPT", 12_001, "alertmanager")}
    assert [event.index for batch in inbox.batches() for event in batch.events] == list(range(12_000))
    assert sum(header["shop"] for _, _, header in inbox.sent) == 12_001


def test_prometheus_is_told_of_what_was_refused_in_a_large_body_too() -> None:
    body = json.dumps([*many(5000), 7]).encode()
    status, answer = large_site(FakeInbox()).post(body, "web/api/v2/alerts")
    assert (status, answer["accepted"], answer["detail"][:12]) == (400, 5000, "1 of 5001 al")


def test_nothing_is_written_of_a_body_that_is_malformed_at_its_end() -> None:
    site = large_site(FakeInbox())
    assert site.problem(envelope(*many(12_000))[:-1], "am")[0] == 400
    assert site.problem(json.dumps(many(12_000)).encode()[:-1] + b",{]", "web/api/v2/alerts")[0] == 400


def in_turns(parsed: Parsed) -> AsyncIterator[Slice]:
    return Turns().each(Turn(("shop", "door"), is_light=False), parsed.slices())


def cutter(total: int) -> Cutter:
    return Cutter(AlertBatch("shop", "door", "alertmanager", "critical", "R", total, []))


@in_loop
async def test_others_have_their_turn_after_each_slice() -> None:
    parsed: Parsed = recognise.parse(envelope(*many(5000)), a_door())
    publisher = Publisher(FakeInbox(), 4)
    turns = 0
    seen: list[int] = []

    async def watched() -> AsyncIterator[Slice]:
        async for made in in_turns(parsed):
            seen.append(turns)
            yield made

    large = asyncio.create_task(publisher.publish_slowly(cutter(5000), watched(), LISTED))
    while not large.done():
        turns += 1
        await asyncio.sleep(0)
    assert await large == Taken(5000, [])
    assert len(set(seen)) == len(seen) > 5000 // SLICE_ELEMENTS


@in_loop
async def test_no_more_of_a_large_request_is_made_than_the_broker_takes() -> None:
    inbox = FakeInbox(acknowledges=False)
    parsed = recognise.parse(envelope(*many(3000, pad=PAD)), a_door())
    assert parsed.total * 3000 > 2 * (publish.MAX_AHEAD + 2) * MAX_RECORD_BYTES
    publisher = Publisher(inbox, 4)
    large = asyncio.create_task(publisher.publish_slowly(cutter(3000), in_turns(parsed), LISTED))
    await until(lambda: len(inbox.sent) == publish.MAX_AHEAD)
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(inbox.sent) == publish.MAX_AHEAD
    inbox.acknowledges = True
    inbox.settle(True)
    assert await large == Taken(3000, [])
    assert publisher.unacknowledged_bytes == 0


@in_loop
async def test_a_large_request_of_which_a_part_is_lost_is_not_durable_and_no_more_is_written() -> None:
    inbox = FakeInbox(acknowledges=False)
    parsed = recognise.parse(envelope(*many(3000, pad=PAD)), a_door())
    large = asyncio.create_task(Publisher(inbox, 4).publish_slowly(cutter(3000), in_turns(parsed), LISTED))
    await until(lambda: len(inbox.sent) == publish.MAX_AHEAD)
    inbox.settle(False)
    with pytest.raises(NotDurable, match="wholly or in part"):
        await large
    assert len(inbox.sent) < publish.MAX_AHEAD + 3


@in_loop
async def test_an_alert_of_a_large_request_that_kafka_never_takes_is_refused_alone() -> None:
    inbox = FakeInbox(limit_bytes=100_000)
    alerts = many(300, pad=PAD)
    alerts[7]["pad"] = alerts[299]["pad"] = "p" * 120_000
    parsed = recognise.parse(envelope(*alerts), a_door())
    taken = await Publisher(inbox, 4).publish_slowly(cutter(300), in_turns(parsed), LISTED)
    assert (taken.accepted, [refusal.index for refusal in taken.refusals]) == (298, [7, 299])
    written = [event.index for batch in inbox.batches() for event in batch.events]
    assert written == [index for index in range(300) if index not in (7, 299)]
    assert sorted(refusal.index for batch in inbox.batches() for refusal in batch.refusals) == [7, 299]


@in_loop
async def test_a_large_request_is_refused_whole_when_the_queue_is_full() -> None:
    inbox = FakeInbox(acknowledges=False)
    publisher = Publisher(inbox, 4)
    publisher.unacknowledged_bytes = LIMITS.max_unacknowledged_bytes
    parsed = recognise.parse(envelope(*many(3000)), a_door())
    with pytest.raises(NotDurable, match="nothing of this request was written"):
        await publisher.publish_slowly(cutter(3000), in_turns(parsed), LISTED)
    assert inbox.sent == []


@in_loop
async def test_a_large_request_goes_through_where_kafka_takes_less_than_declared() -> None:
    inbox = FakeInbox(limit_bytes=20_000)
    alerts = many(1000, pad=PAD)
    alerts[7]["pad"] = alerts[999]["pad"] = "p" * 30_000
    parsed = recognise.parse(envelope(*alerts), a_door())
    taken = await Publisher(inbox, 4, 5).publish_slowly(cutter(1000), in_turns(parsed), LISTED)
    assert (taken.accepted, [refusal.index for refusal in taken.refusals]) == (998, [7, 999])
    written = [event.index for batch in inbox.batches() for event in batch.events]
    assert written == [index for index in range(1000) if index not in (7, 999)]
    assert len(inbox.refused_sizes) == 0  # each refusal costs a producer: the limit was asked for before


@pytest.mark.parametrize(("text", "end"), [(b'{"a":1},5]', 8), (b'"x" \n]', 6), (b"5 ,[]]", 3)])
def test_where_an_element_ends_is_told_by_msgspec_as_we_read_it(text: bytes, end: int) -> None:
    assert end_of_value(text, 0, 100, b",]") == end
