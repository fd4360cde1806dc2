"""Giving a command: into the inbox, and then as long as a person waits for what became of it.

Not here: the broker (`producers/inbox.py`), the waiting (`outcomes.py`).
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from producers.inbox import NO_EVENTS
from producers.operator.commands.outcomes import Events, Outcomes, Place
from producers.operator.problems import NoRoom, NotDurable, TooLarge
from producers.oversize import Answer, Oversize
from schemas import codec
from schemas.disk import Disks
from schemas.records import Command, Frame
from schemas.topics import partition_of

BROKER_SECONDS = 5.0
"""As the webhook waits: shorter than the producer's own delivery timeout, which must stay long (STACK)."""
OUTCOME_SECONDS = 2.0
"""DESIGN section 3; after that it is answered as pending."""


class Inbox(Protocol):
    """Where commands go; see `producers.inbox_of_loop.InboxOfLoop`."""

    def send(self, partition: int, value: bytes, events: bytes = NO_EVENTS) -> asyncio.Future[Answer]: ...
    async def ask_room(self) -> int | None: ...
    @property
    def oversize_reason(self) -> str: ...


class Giver:
    """Gives commands, each as an inbox record of its own."""

    def __init__(
        self,
        inbox: Inbox,
        outcomes: Outcomes,
        partitions: int,
        broker_seconds: float = BROKER_SECONDS,
        outcome_seconds: float = OUTCOME_SECONDS,
        disks: Disks | None = None,
    ) -> None:
        self._inbox = inbox
        self._outcomes = outcomes
        self._partitions = partitions
        self._broker_seconds = broker_seconds
        self._outcome_seconds = outcome_seconds
        self._disks = disks

    async def give(self, command: Command) -> Events | None:
        """Give what became of a command; None when that is not known in time, though the command is durable.

        Raises `NotDurable` when the broker did not acknowledge it in time; it may be carried out all the same. Raises
        `TooLarge` when it is larger than Kafka takes, `NoRoom` when the disk is nearly full; it is not carried out then.
        """
        if self._disks is not None and self._disks.shortage is not None:
            self._disks.count_refusal()
            raise NoRoom(self._disks.words)
        partition = partition_of(command.project, self._partitions)
        value = codec.encode(Frame([command]))
        answer = await self._send(partition, value)
        if isinstance(answer, Oversize):
            room = await self._inbox.ask_room()
            if room is None or len(value) + len(NO_EVENTS) > room:
                raise TooLarge(f"The command is {self._inbox.oversize_reason}. It is not carried out: shorten it.")
            answer = await self._send(partition, value)  # the limit that it was held to is no longer in force
        if answer is None or isinstance(answer, Oversize):
            raise NotDurable(command.command_id)
        return await self._outcomes.wait(Place(partition, answer.offset, 0), self._outcome_seconds)

    async def _send(self, partition: int, value: bytes) -> Answer:
        try:
            return await asyncio.wait_for(asyncio.shield(self._inbox.send(partition, value)), self._broker_seconds)
        except TimeoutError:
            return None
