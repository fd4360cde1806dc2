"""Stand-ins for Kafka in tests of the webhook."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from producers.oversize import Oversize
from producers.webhook.join import Sending
from producers.webhook.outcomes import AlertOutcome
from schemas.codec import decode
from schemas.errors import Unavailable
from schemas.records import AlertBatch, Frame, FrameItem


@dataclass(frozen=True)
class Acknowledged:
    """What the broker says of a record."""

    offset: int = 0
    timestamp: int = 0


@dataclass
class FakeInbox:
    """Keeps what was written; acknowledges at once, or when told to. Takes records up to a limit, and tells it or not."""

    acknowledges: bool = True
    limit_bytes: int | None = None
    tells_its_limit: bool = True
    known_limit_bytes: int | None = None
    refused_sizes: list[int] = field(default_factory=list)
    sent: list[tuple[int, Frame, dict[str, int]]] = field(default_factory=list)
    waiting: list[Sending] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    @property
    def room_bytes(self) -> int:
        return 10**9 if self.known_limit_bytes is None else self.known_limit_bytes

    @property
    def oversize_reason(self) -> str:
        return Oversize("inbox", self.known_limit_bytes).reason

    async def ask_room(self) -> int | None:
        if not self.tells_its_limit:
            return None
        self.known_limit_bytes = self.limit_bytes
        return self.room_bytes

    def send(self, partition: int, value: bytes, events: bytes) -> Sending:
        if self.limit_bytes is not None and len(value) + len(events) > self.limit_bytes:
            self.refused_sizes.append(len(value) + len(events))
            refused: Sending = asyncio.get_running_loop().create_future()
            refused.set_result(Oversize("inbox", None))
            return refused
        self.sent.append((partition, decode(value, Frame), json.loads(events)))
        self.sizes.append(len(value))
        done: Sending = asyncio.get_running_loop().create_future()
        self.waiting.append(done)
        if self.acknowledges:
            self.settle(True)
        return done

    def settle(self, is_acknowledged: bool) -> None:
        waiting, self.waiting = self.waiting, []
        for done in waiting:
            done.set_result(Acknowledged() if is_acknowledged else None)

    def items(self) -> Iterator[FrameItem]:
        return (item for _, frame, _ in self.sent for item in frame.items)

    def batches(self) -> list[AlertBatch]:
        return [item for item in self.items() if isinstance(item, AlertBatch)]


@dataclass
class FakeOutcomes:
    """Keeps outcomes by project, integration and receipt; None for a database that is away."""

    kept: dict[tuple[str, str, str], list[AlertOutcome]] | None = field(default_factory=dict)

    async def find(self, project: str, integration: str, receipt: str, wanted: range) -> list[AlertOutcome] | None:
        if self.kept is None:
            raise Unavailable("PostgreSQL is away")
        known = self.kept.get((project, integration, receipt))
        return [one for one in known if one.index in wanted] if known else None


async def until(holds: Callable[[], bool], seconds: float = 5) -> None:
    """Wait until something holds, for so long at most."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0)


def in_loop(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """Run a test in an event loop of its own."""

    def run() -> None:
        asyncio.run(test())  # type: ignore[arg-type]

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    run.__module__ = test.__module__
    return run
