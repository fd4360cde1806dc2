"""What commands were answered with, as it is remembered for a day: small, however many alerts a command was about.

Not here: when it is remembered and asked for (`commands/remembered.py`).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import msgspec

from schemas.records import CommandState, EventOutcome

MOST_AS_THEY_ARE = 16
"""Outcomes of a command that are kept as they are; the rows of more are packed: an alert's takes 10 bytes instead of 400."""
_DECODER = msgspec.json.Decoder(list[EventOutcome])


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one command; `at` and `digest` are as in `CommandState`."""

    at: int
    digest: bytes
    _events: list[EventOutcome] | bytes

    @classmethod
    def of(cls, command: CommandState) -> Answer:
        events: list[EventOutcome] | bytes = command.events
        if len(command.events) > MOST_AS_THEY_ARE:
            events = zlib.compress(msgspec.json.encode(command.events))
        return cls(command.at, command.digest, events)

    @property
    def events(self) -> list[EventOutcome]:
        """Its outcomes, as they were."""
        return _DECODER.decode(zlib.decompress(self._events)) if isinstance(self._events, bytes) else self._events
