"""Failures to come in, by address: whoever has many within a minute waits for the answer (DESIGN section 4, 401).

Slows down guessing, and senders that were left with an old token; a delayed answer says no more than a prompt one. Not
here: who may come in (`auth.py`).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable

from producers.networks import network_of, plain_address
from producers.webhook import metrics
from producers.webhook.answers import Scope

WINDOW_SECONDS = 60.0
FREE_FAILURES = 20
"""Answered at once within a minute; each further twenty add a second."""
MAX_DELAY_SECONDS = 5
MAX_ADDRESSES = 4096
"""About 5 MB at worst; whoever failed longest ago is forgotten first."""
MAX_HELD = 1000
"""Answers held back at once; more are given at once, since each holds a connection."""


class Failures:
    """Remembers the failures of the last minute, within bounds; used from the event loop alone."""

    def __init__(self, now: Callable[[], float], pause: Callable[[float], Awaitable[None]]) -> None:
        self._now = now
        self._pause = pause
        self._moments: OrderedDict[str, deque[float]] = OrderedDict()
        self._held = 0

    async def hold(self, address: str) -> None:
        """Note a failure, and return when it may be answered."""
        seconds = self._note(network_of(address))
        if not seconds or self._held >= MAX_HELD:
            return
        metrics.DELAYED.inc()
        self._held += 1
        try:
            await self._pause(seconds)
        finally:
            self._held -= 1

    @property
    def count(self) -> int:
        """How many addresses are remembered."""
        return len(self._moments)

    def _note(self, address: str) -> int:
        now = self._now()
        moments = self._moments.setdefault(address, deque(maxlen=FREE_FAILURES * MAX_DELAY_SECONDS))
        self._moments.move_to_end(address)
        if len(self._moments) > MAX_ADDRESSES:
            self._moments.popitem(last=False)
        while moments and moments[0] <= now - WINDOW_SECONDS:
            moments.popleft()
        seconds = len(moments) // FREE_FAILURES
        moments.append(now)
        return seconds


def sender_of(scope: Scope, trusted_proxy: str) -> str:
    """Give the address of who asks: behind the trusted proxy the last of X-Forwarded-For, which the proxy itself wrote.

    Without a port: some proxies write it, and each connection has another. What is no address counts as the proxy's.
    """
    client = str((scope.get("client") or ("", 0))[0])
    address = plain_address(client) or client
    if not trusted_proxy or address != plain_address(trusted_proxy):
        return address
    return plain_address(_last_forwarded(scope["headers"])) or address


def _last_forwarded(headers: Iterable[tuple[bytes, bytes]]) -> str:
    values = [value for name, value in headers if name == b"x-forwarded-for"]
    return values[-1].decode("latin-1").rpartition(",")[2] if values else ""
