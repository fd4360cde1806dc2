"""What a door has against an integration's requests, told to the core through the inbox: it makes alerts of it (BEHAVIOUR 4).

Gathered, since a flood of bad requests must not become a flood of records. Not here: what people are told of it
(`processors/core/own_alerts.py`), what the sender is told (`refused.py`), whose clock is wrong (`clocks.py`).
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TypeAlias

from msgspec.structs import replace

from producers.webhook.cut import BATCH_BYTES, EVENT_BYTES, Piece
from producers.webhook.door import Door
from producers.webhook.join import Written
from producers.webhook.publish import Publisher
from schemas.records import AlertBatch, Complaint

GATHER_SECONDS = 5.0
"""From the first complaint to its record; an integration has no more than one record in so long."""
MAX_TEXT = 500

Sender: TypeAlias = "tuple[str, str]"
"""Project and integration."""
Gathered: TypeAlias = "dict[str, Complaint]"
"""By kind."""


class Complaints:
    """Gathers the complaints of all integrations; used from the event loop alone."""

    def __init__(self, publisher: Publisher, gather_seconds: float = GATHER_SECONDS) -> None:
        self._publisher = publisher
        self._gather_seconds = gather_seconds
        self._gathered: dict[Sender, Gathered] = {}
        self._timer: asyncio.TimerHandle | None = None

    def note(self, door: Door, kind: str, text: str) -> None:
        """Count a request; of several the newest text is told. Nothing where the integration's `self_alerts` are off."""
        if door.self_alerts:
            self._gather((door.project, door.integration), Complaint(kind, 1, text[:MAX_TEXT]))

    def flush(self) -> None:
        """Send what was gathered, now; what Kafka does not take is told with what comes next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        gathered, self._gathered = self._gathered, {}
        for sender, complaints in gathered.items():
            size = BATCH_BYTES + sum(EVENT_BYTES + len(one.text.encode()) for one in complaints.values())
            batch = AlertBatch(*sender, "", "unknown", "", 0, [], complaints=list(complaints.values()))
            self._publisher.begin(Piece(batch, size)).add_done_callback(partial(self._settle, sender, complaints))

    def _gather(self, sender: Sender, newest: Complaint) -> None:
        gathered = self._gathered.setdefault(sender, {})
        known = gathered.get(newest.kind)
        gathered[newest.kind] = newest if known is None else replace(newest, count=known.count + newest.count)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._gather_seconds, self.flush)

    def _settle(self, sender: Sender, complaints: Gathered, done: Written) -> None:
        if not done.cancelled() and done.result() != "written":
            for one in complaints.values():
                newer = self._gathered.get(sender, {}).get(one.kind, one)
                self._gather(sender, replace(one, text=newer.text))
