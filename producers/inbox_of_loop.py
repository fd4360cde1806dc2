"""The inbox as an event loop uses it: what is sent gives a future, what blocks runs in a thread. Not here: Kafka (`inbox.py`)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from producers.inbox import NO_EVENTS, KafkaInbox
from producers.oversize import Answer
from schemas.errors import Unavailable
from schemas.troubles import Troubles

log = structlog.get_logger()
WATCH_SECONDS = 5.0
TELL_SECONDS = 1.0


class InboxOfLoop:
    """Sends from one event loop."""

    def __init__(self, inbox: KafkaInbox) -> None:
        self.inbox = inbox

    @property
    def room_bytes(self) -> int:
        """How large a record may be, as far as is known."""
        return self.inbox.room_bytes

    async def ask_room(self) -> int | None:
        """Ask the broker how large a record may be, at most once a second; None when it does not tell."""
        await asyncio.to_thread(self.inbox.limit.ask_anew)
        return self.room_bytes if self.inbox.limit.is_told else None

    @property
    def oversize_reason(self) -> str:
        """Say what is wrong with a record that is larger than the topic takes."""
        return self.inbox.limit.oversize().reason

    def send(self, partition: int, value: bytes, events: bytes = NO_EVENTS) -> asyncio.Future[Answer]:
        """Send one record; the future gives what `Settle` is told."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Answer] = loop.create_future()

        def settle(answer: Answer) -> None:
            with suppress(RuntimeError):  # the loop is closed: the process is leaving and nobody waits any more
                loop.call_soon_threadsafe(lambda: None if done.done() else done.set_result(answer))

        self.inbox.send(partition, value, settle, events)
        return done

    async def connect(self, retry_seconds: float) -> None:
        """Connect, however long that takes."""
        while True:
            try:
                return await asyncio.to_thread(self.inbox.connect)
            except Unavailable as error:
                log.warning("kafka_unavailable", reason=str(error))
                await asyncio.sleep(retry_seconds)

    async def watch(self) -> None:
        """Look after the inbox; until cancelled."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await asyncio.to_thread(self.inbox.look_after)

    async def tell(self, troubles: Troubles) -> None:
        """Keep what is wrong where people look; until cancelled."""
        while True:
            troubles.tell("inbox", self.inbox.trouble)
            await asyncio.sleep(TELL_SECONDS)
