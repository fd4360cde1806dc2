"""Whose turn it is: one slice at a time, integrations in rotation, small requests first, and large ones come to an end too."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

from producers.webhook import turns
from producers.webhook.turns import Turn, Turns
from tests.unit.producers.webhook.fakes import in_loop, until


class Clock:
    """Each step takes as long as a turn may."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def steps(self, name: str, count: int, seen: list[str]) -> Generator[None, None, str]:
        for _ in range(count):
            seen.append(name)
            self.now += turns.SLICE_SECONDS
            yield
        return name


def heavy(name: str) -> Turn:
    return Turn(("shop", name), is_light=False)


def light(name: str) -> Turn:
    return Turn(("shop", name), is_light=True)


@in_loop
async def test_large_requests_of_several_integrations_take_turns() -> None:
    clock, seen = Clock(), list[str]()
    at = Turns(clock)
    requests = [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1")]
    done = await asyncio.gather(*(at.run(heavy(who), clock.steps(name, 3, seen)) for who, name in requests))
    assert done == ["a1", "a2", "a3", "b1"]
    assert seen[1:7].count("b1") == 3  # half of the turns, though the other integration has three requests


@in_loop
async def test_the_one_that_had_its_turn_goes_to_the_end() -> None:
    clock, seen = Clock(), list[str]()
    at = Turns(clock)
    await asyncio.gather(*(at.run(heavy(name), clock.steps(name, 3, seen)) for name in "abc"))
    assert seen == list("aabcabcbc")


@in_loop
async def test_a_sender_that_goes_when_it_is_just_its_turn_passes_it_on() -> None:
    clock = Clock()
    at = Turns(clock)
    await at._take(light("a"))
    waiting = asyncio.create_task(at.run(light("b"), clock.steps("b", 1, [])))
    await until(lambda: bool(at._light))
    at._give(light("a"))
    await until(lambda: not at._light)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert await asyncio.wait_for(at.run(light("d"), clock.steps("d", 1, [])), 5) == "d"


@in_loop
async def test_a_small_request_goes_before_all_large_ones_that_wait() -> None:
    clock, seen = Clock(), list[str]()
    at = Turns(clock)
    large = [asyncio.create_task(at.run(heavy(name), clock.steps(name, 5, seen))) for name in "abcd"]
    await until(lambda: len(seen) > 2)
    before = len(seen)
    await at.run(light("e"), clock.steps("e", 1, seen))
    assert seen.index("e") <= before + 1
    clock.now += turns.QUIET_SECONDS
    await asyncio.wait_for(asyncio.gather(*large), 5)


@in_loop
async def test_a_large_request_comes_to_its_end_while_small_ones_never_cease() -> None:
    clock, seen = Clock(), list[str]()
    at = Turns(clock)
    is_over = False

    async def flood() -> None:
        while not is_over:
            await at.run(light("small"), clock.steps("small", 1, seen))

    floods = [asyncio.create_task(flood()) for _ in range(5)]
    await until(lambda: len(seen) > 5)
    await asyncio.wait_for(at.run(heavy("large"), clock.steps("large", 5, seen)), 5)
    is_over = True
    await asyncio.gather(*floods)
    assert seen.count("large") == 5


@in_loop
async def test_after_a_turn_large_requests_rest_as_long_while_others_send() -> None:
    clock, seen = Clock(), list[str]()
    at = Turns(clock)
    await at.run(light("small"), clock.steps("small", 1, seen))
    large = asyncio.create_task(at.run(heavy("large"), clock.steps("large", 2, seen)))
    await until(lambda: seen.count("large") == 1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert seen.count("large") == 1
    clock.now += turns.QUIET_SECONDS
    assert await asyncio.wait_for(large, 5) == "large"


@in_loop
async def test_with_nobody_else_there_a_large_request_does_not_rest() -> None:
    clock, seen = Clock(), list[str]()
    await asyncio.wait_for(Turns(clock).run(heavy("large"), clock.steps("large", 50, seen)), 5)
    assert len(seen) == 50


@in_loop
async def test_a_sender_that_goes_while_it_waits_or_just_before_its_turn_holds_up_nobody() -> None:
    clock, seen = Clock(), list[str]()
    at = Turns(clock)
    requests = [asyncio.create_task(at.run(light(name), clock.steps(name, 2, seen))) for name in "abc"]
    await until(lambda: bool(seen))
    requests[1].cancel()
    await until(lambda: len(seen) > 1)
    requests[2].cancel()
    await asyncio.wait(requests)
    assert await asyncio.wait_for(at.run(light("d"), clock.steps("d", 1, seen)), 5) == "d"


@in_loop
async def test_a_request_that_is_refused_in_its_turn_ends_it() -> None:
    def refuse() -> Generator[None, None, str]:
        yield
        raise ValueError

    clock = Clock()
    at = Turns(clock)
    assert isinstance((await asyncio.gather(at.run(heavy("a"), refuse()), return_exceptions=True))[0], ValueError)
    assert await asyncio.wait_for(at.run(heavy("b"), clock.steps("b", 1, [])), 5) == "b"
