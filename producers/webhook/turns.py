"""Whose turn it is on the event loop: one slice of work at a time, integrations in rotation, small requests before large ones.

So a sender with large bodies, or with many, makes others wait for one slice of its own, whatever it sends. Not here: how
work is cut into steps (`document.py`, `formats/parsed.py`), how much one integration may send (`rates.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from typing import NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")
Who: TypeAlias = "tuple[str, str]"
"""Project and integration."""
SLICE_SECONDS = 0.002
"""Steps are taken for so long in one turn: as long as an ordinary request takes."""
LIGHT_IN_A_ROW = 8
"""Turns of small requests before one of a large request that waits, so that these come to an end too."""


class Turn(NamedTuple):
    """Whose it is, and whether it is of a small request."""

    who: Who
    is_light: bool


class Queue:
    """Who waits, by integration; the one that had its turn goes to the end."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Who, deque[asyncio.Future[None]]] = OrderedDict()

    def add(self, who: Who) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(future)
        return future

    def wake_next(self) -> bool:
        """Wake who is next; False where nobody waits."""
        while self._waiting:
            who, waiting = self._waiting.popitem(last=False)
            future = waiting.popleft()
            if waiting:
                self._waiting[who] = waiting
            if not future.done():  # else its sender has gone
                future.set_result(None)
                return True
        return False


class Turns:
    """Used from the event loop alone."""

    def __init__(self, monotonic: Callable[[], float] = time.perf_counter) -> None:
        self._monotonic = monotonic
        self._is_taken = False
        self._light, self._heavy = Queue(), Queue()
        self._light_in_a_row = 0

    async def run(self, turn: Turn, steps: Generator[None, None, T]) -> T:
        """Take all steps, some in each turn; give what they end with."""
        while True:
            await self._take(turn)
            try:
                self._step(steps)
            except StopIteration as stopped:
                return stopped.value  # type: ignore[no-any-return]
            finally:
                self._give()

    async def each(self, turn: Turn, made: Iterable[T]) -> AsyncIterator[T]:
        """Give what is made one by one, each made in a turn of its own."""
        making = iter(made)
        while True:
            await self._take(turn)
            try:
                one = next(making)
            except StopIteration:
                return
            finally:
                self._give()
            yield one

    def _step(self, steps: Generator[None, None, T]) -> None:
        ends = self._monotonic() + SLICE_SECONDS
        while self._monotonic() < ends:
            next(steps)

    async def _take(self, turn: Turn) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        future = (self._light if turn.is_light else self._heavy).add(turn.who)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._give()  # it was just its turn
            raise

    def _give(self) -> None:
        """End a turn; the next begins after what else the loop has to do, such as reading what came meanwhile."""
        asyncio.get_running_loop().call_soon(self._pass_on)

    def _pass_on(self) -> None:
        if self._light_in_a_row < LIGHT_IN_A_ROW and self._light.wake_next():
            self._light_in_a_row += 1
            return
        self._light_in_a_row = 0
        self._is_taken = self._heavy.wake_next() or self._light.wake_next()
