"""How much, how fast and how often: rates of integrations, slow bodies, and answers held back after many failures."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.networks import network_of
from producers.webhook.answers import Headers, Scope
from producers.webhook.failures import MAX_ADDRESSES, MAX_HELD, Failures, sender_of
from producers.webhook.limits import check_depth
from producers.webhook.rates import Rates
from producers.webhook.refused import TooLarge
from schemas.limits import Limits
from tests.unit.producers.webhook.doors import a_door
from tests.unit.producers.webhook.site import Site

WRONG: Headers = [(b"authorization", b"Bearer wrong")]
ALERTMANAGER = b'{"version":"4","alerts":[{"labels":{"a":"b"}}]}'


def many(count: int) -> bytes:
    return b"[" + b",".join([b"{}"] * count) + b"]"


def test_beyond_its_rate_an_integration_is_told_when_to_come_back() -> None:
    site = Site()
    assert site.post(many(50), "slow")[0] == 202
    status, headers, answer = site.request("POST", "/in/shop/slow", many(30))
    assert (status, headers[b"retry-after"], "nothing was accepted" in answer["detail"]) == (429, b"20", True)
    assert sum(len(batch.events) for batch in site.inbox.batches()) == 50
    site.now = 20.0
    assert site.post(many(30), "slow")[0] == 202


@pytest.mark.parametrize(("path", "body"), [("slow", ALERTMANAGER), ("slow/api/v2/alerts", b'[{"labels":{"a":"b"}}]')])
def test_an_alertmanager_is_never_told_429_since_it_would_not_send_again(path: str, body: bytes) -> None:
    site = Site()
    assert site.post(many(60), "slow")[0] == 202
    status, headers, answer = site.request("POST", f"/in/shop/{path}", body)
    assert (status, headers[b"retry-after"], "rate limit" in answer["detail"]) == (503, b"1", True)


def test_a_bucket_fills_as_time_passes_and_no_further_than_a_minutes_worth() -> None:
    now = [0.0]
    rates, door = Rates(lambda: now[0]), a_door(rate_limit_per_minute=6)
    taken = [rates.take(door, 1) for _ in range(7)]
    now[0] = 10.0
    assert (taken, rates.take(door, 1), rates.take(door, 1)) == ([0.0] * 6 + [10.0], 0.0, 10.0)
    now[0] = 3600.0
    assert [rates.take(door, 6), rates.take(door, 1)] == [0.0, 10.0]


def test_a_request_of_more_than_a_minutes_worth_comes_in_once_and_is_waited_for() -> None:
    now = [0.0]
    rates, door = Rates(lambda: now[0]), a_door(rate_limit_per_minute=6)
    assert [rates.take(door, 12), rates.take(door, 1)] == [0.0, 70.0]


def test_a_new_limit_counts_at_once_and_without_one_all_come_in() -> None:
    rates = Rates(lambda: 0.0)
    assert rates.take(a_door(rate_limit_per_minute=1), 1) == 0.0
    assert rates.take(a_door(rate_limit_per_minute=1), 1) == 60.0
    assert [rates.take(a_door(rate_limit_per_minute=2), 2), rates.take(a_door(), 1000)] == [0.0, 0.0]


@pytest.mark.parametrize("chunks", [(), (b'{"title"',)])
def test_a_body_that_does_not_come_is_408_and_the_connection_is_closed(chunks: tuple[bytes, ...]) -> None:
    site = Site(is_silent=True, patience_seconds=0.01)
    status, headers, answer = site.request("POST", "/in/shop/web", *chunks)
    assert (status, headers[b"connection"], "0.01 s" in answer["detail"], site.inbox.sent) == (408, b"close", True, [])


def test_after_twenty_failures_within_a_minute_answers_are_held_back_longer_and_longer() -> None:
    site = Site()
    assert {site.post(b"{}", headers=WRONG)[0] for _ in range(130)} == {401}
    assert site.pauses == [second for second in (1, 2, 3, 4) for _ in range(20)] + [5] * 30
    assert site.post(b"{}")[0] == 202
    site.now = 60.0
    assert (site.post(b"{}", headers=WRONG)[0], len(site.pauses)) == (401, 110)


def test_each_address_is_counted_for_itself_and_those_longest_ago_are_forgotten() -> None:
    async def fail(addresses: list[str]) -> None:
        for address in addresses:
            await failures.hold(address)

    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    failures = Failures(lambda: 0.0, pause)
    asyncio.run(fail(["192.0.2.1"] * 20 + ["192.0.2.2", "2001:db8::1"] * 11))
    assert (pauses, failures.count) == ([], 3)
    asyncio.run(fail([f"10.0.{number // 256}.{number % 256}" for number in range(MAX_ADDRESSES)] + ["192.0.2.1"]))
    assert (pauses, failures.count) == ([], MAX_ADDRESSES)


def test_who_failed_lately_is_remembered_longer_than_who_failed_first() -> None:
    async def fail() -> None:
        for address in ["192.0.2.1"] * 19 + [f"10.0.{number // 256}.{number % 256}" for number in range(MAX_ADDRESSES - 1)]:
            await failures.hold(address)
        for address in ["192.0.2.1", "192.0.2.2", "192.0.2.1"]:
            await failures.hold(address)

    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    failures = Failures(lambda: 0.0, pause)
    asyncio.run(fail())
    assert (pauses, failures.count) == ([1], MAX_ADDRESSES)


def test_not_more_answers_are_held_back_than_connections_can_be_spared_for() -> None:
    async def flood() -> int:
        release = asyncio.Event()

        async def pause(_: float) -> None:
            await release.wait()

        failures = Failures(lambda: 0.0, pause)
        tasks = [asyncio.create_task(failures.hold("192.0.2.1")) for _ in range(MAX_HELD + 50)]
        await asyncio.sleep(0)
        answered = sum(task.done() for task in tasks)
        release.set()
        await asyncio.gather(*tasks)
        return answered

    assert asyncio.run(flood()) == 20 + 30


def test_an_ipv6_sender_is_its_network() -> None:
    addresses = ("192.0.2.1", "::ffff:192.0.2.1", "2001:db8:1:2:3:4:5:6", "", "unix")
    assert [network_of(address) for address in addresses] == ["192.0.2.1", "192.0.2.1", "2001:db8:1:2::", "", "unix"]


@pytest.mark.parametrize(
    ("proxy", "headers", "sender"),
    [
        ("", [b"203.0.113.9"], "10.0.0.1"),
        ("10.0.0.2", [b"203.0.113.9"], "10.0.0.1"),
        ("10.0.0.1", [b"forged, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", [b"forged", b"203.0.113.9 "], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
    ],
)
def test_only_the_trusted_proxy_may_say_for_whom_it_asks(proxy: str, headers: list[bytes], sender: str) -> None:
    scope: Scope = {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", value) for value in headers]}
    assert sender_of(scope, proxy) == sender


MAX_LEVELS = Limits().max_levels
TEXTS = st.text(alphabet='[]{}"\\ax', max_size=6)


def depth_of(value: object) -> int:
    """Count levels as anyone would, by walking through the value."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max(map(depth_of, items), default=0) + isinstance(value, dict | list)


@given(
    st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)),
    st.integers(MAX_LEVELS - 6, MAX_LEVELS),
    st.lists(TEXTS | st.just([]), min_size=MAX_LEVELS, max_size=MAX_LEVELS + 2),
)
def test_levels_are_counted_whatever_the_texts_hold(value: object, levels: int, others: list[object]) -> None:
    for _ in range(levels):
        value = [value]
    value = [*others, value]
    with pytest.raises(TooLarge) if depth_of(value) > MAX_LEVELS else nullcontext():
        check_depth(json.dumps(value).encode(), MAX_LEVELS)
