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
QUIET_SECONDS = 1.0
"""So long after the last small request large ones have all of the time."""
REST = 1.0
"""Of a large request's turn, as a multiple of it."""
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

    def __bool__(self) -> bool:
        return bool(self._waiting)

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
        self._began = self._light_at = self._rests_until = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, turn: Turn, steps: Generator[None, None, T]) -> T:
        """Take all steps, some in each turn; give what they end with."""
        while True:
            await self._take(turn)
            try:
                self._step(steps)
            except StopIteration as stopped:
                return stopped.value  # type: ignore[no-any-return]
            finally:
                self._give(turn)

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
                self._give(turn)
            yield one

    def _step(self, steps: Generator[None, None, T]) -> None:
        ends = self._began + SLICE_SECONDS
        while self._monotonic() < ends:
            next(steps)

    async def _take(self, turn: Turn) -> None:
        if self._is_taken or (not turn.is_light and self._is_resting):
            await self._wait(turn)
        self._is_taken, self._began = True, self._monotonic()
        if turn.is_light:
            self._light_at = self._began

    async def _wait(self, turn: Turn) -> None:
        future = (self._light if turn.is_light else self._heavy).add(turn.who)
        if not self._is_taken:
            self._pass_on()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._give(turn)  # it was just its turn
            raise

    def _give(self, turn: Turn) -> None:
        """End a turn; the next begins after what else the loop has to do, such as reading what came meanwhile.

        After one of a large request its like rest for as long as it took, while others send: answering these takes more than
        reading them, and Kafka's client is a thread that needs its part of the time.
        """
        now = self._monotonic()
        if not turn.is_light and now - self._light_at < QUIET_SECONDS:
            self._rests_until = now + REST * (now - self._began)
        asyncio.get_running_loop().call_soon(self._pass_on)

    def _pass_on(self) -> None:
        self._is_taken = self._wake_next()
        if not self._is_taken and self._heavy and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._rests_until - self._monotonic(), self._end_rest)

    def _wake_next(self) -> bool:
        is_heavy_due = self._light_in_a_row >= LIGHT_IN_A_ROW and not self._is_resting
        if not is_heavy_due and self._light.wake_next():
            self._light_in_a_row += 1
            return True
        self._light_in_a_row = 0
        return (not self._is_resting and self._heavy.wake_next()) or self._light.wake_next()

    @property
    def _is_resting(self) -> bool:
        return self._monotonic() < self._rests_until

    def _end_rest(self) -> None:
        self._timer = None
        if not self._is_taken:
            self._pass_on()
