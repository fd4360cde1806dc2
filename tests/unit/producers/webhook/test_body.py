"""Room for large bodies: so much at once, given back in any case, and time for what is long."""

from __future__ import annotations

import asyncio

import pytest

from producers.webhook.answers import Headers, Message
from producers.webhook.body import ORDINARY_BYTES, BodyReader, Held, Room
from producers.webhook.refused import NotDurable, TooSlow
from schemas.limits import MEBIBYTE, Limits
from tests.unit.producers.webhook.fakes import in_loop
from tests.unit.producers.webhook.site import GOOD, Site

PADDED = b'{"version":"4","alerts":[]}' + b" " * MEBIBYTE


def test_two_of_the_longest_bodies_are_read_at_once() -> None:
    assert Limits().max_large_bodies_bytes >= 2 * Limits().max_alertmanager_body_bytes


@pytest.mark.parametrize("headers", [[GOOD], [GOOD, (b"content-length", str(len(PADDED)).encode())]])
def test_a_large_body_for_which_there_is_no_room_is_503_and_ordinary_ones_come_in(headers: Headers) -> None:
    site = Site(room=Room(len(PADDED) - 1))
    status, answer = site.problem(PADDED, "am", headers)
    assert (status, "nothing of this one was written" in answer) == (503, True)
    assert site.post(b'{"version":"4","alerts":[]}' + b" " * (ORDINARY_BYTES - 100), "am")[0] == 202


def test_a_large_body_for_which_there_is_no_room_is_refused_before_it_is_read() -> None:
    site = Site(room=Room(MEBIBYTE), is_silent=True, patience_seconds=0.05)
    declared = [GOOD, (b"content-length", b"%d" % (MEBIBYTE + 1))]
    assert site.request("POST", "/in/shop/am", headers=declared)[0] == 503


@pytest.mark.parametrize(("body", "status"), [(PADDED, 202), (PADDED + b"x", 400), (b"7" + PADDED[1:], 400)])
def test_the_room_is_free_again_whatever_became_of_the_request(body: bytes, status: int) -> None:
    site = Site(room=Room(len(PADDED) + 1))
    for _ in range(3):
        assert site.post(body, "am")[0] == status
    assert site.room.free == len(PADDED) + 1


def test_a_sender_that_hangs_up_gives_its_room_back() -> None:
    site = Site(room=Room(MEBIBYTE))
    assert site.request("POST", "/in/shop/am", headers=[GOOD, (b"content-length", b"1000000")])[0] == 0
    assert site.room.free == MEBIBYTE


def test_room_is_held_once_for_what_was_declared_and_then_came() -> None:
    room = Room(MEBIBYTE)
    with Held(room) as held:
        held.grow(MEBIBYTE)
        held.grow(200_000)
        assert room.free == 0
        with pytest.raises(NotDurable):
            held.grow(MEBIBYTE + 1)
    assert room.free == MEBIBYTE


@in_loop
async def test_a_long_body_has_a_second_more_for_each_mebibyte_that_came() -> None:
    chunks = [b"x" * MEBIBYTE] * 2

    async def receive() -> Message:
        if chunks:
            return {"type": "http.request", "body": chunks.pop(), "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    loop = asyncio.get_running_loop()
    since = loop.time()
    with Held(Room(4 * MEBIBYTE)) as held, pytest.raises(TooSlow):
        await BodyReader(4 * MEBIBYTE, Limits(), 0.01).read([], receive, held)
    assert 2.0 <= loop.time() - since < 3.0
