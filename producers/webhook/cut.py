"""Cutting one request into batches that each fit into an inbox record.

Not here: joining the batches of many requests (`join.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from producers.webhook.door import Door
from producers.webhook.formats.parsed import Parsed
from schemas.records import AlertBatch, AlertEvent, Refusal

MAX_RECORD_BYTES = 512 * 1024
"""DESIGN section 1: requests are cut into inbox records of at most this; one alert alone may exceed it."""
EVENT_BYTES = 100
"""At most what an event takes besides its content and payload: fingerprint, identity, times, flags, lengths."""
BATCH_BYTES = 80


@dataclass(frozen=True, slots=True)
class Piece:
    """A batch, and about how many bytes it will take."""

    batch: AlertBatch
    size: int


@dataclass(frozen=True, slots=True)
class Origin:
    """When a door had a whole request, in milliseconds by its own clock, and a digest of who sent it (see `AlertBatch`)."""

    received_at: int | None = None
    source: str = ""


def cut_request(door: Door, receipt: str, parsed: Parsed, origin: Origin = Origin()) -> list[Piece]:
    """Cut a request, the first events first, refusals last; of nothing an empty batch, which says that its sender lives."""
    head = BATCH_BYTES + len(door.project) + len(door.integration) + len(receipt) + len(origin.source)
    return [
        Piece(
            AlertBatch(
                project=door.project,
                integration=door.integration,
                format=parsed.format,
                default_severity=door.default_severity,
                receipt=receipt,
                total=parsed.total,
                events=[item for item in items if isinstance(item, AlertEvent)],
                refusals=[item for item in items if isinstance(item, Refusal)],
                received_at=origin.received_at,
                source=origin.source,
            ),
            size + head,
        )
        for items, size in _groups([*parsed.events, *parsed.refusals], MAX_RECORD_BYTES - head)
    ]


def _groups(items: list[AlertEvent | Refusal], limit: int) -> Iterator[tuple[list[AlertEvent | Refusal], int]]:
    group: list[AlertEvent | Refusal] = []
    size = 0
    for item in items:
        item_size = _size_of(item)
        if group and size + item_size > limit:
            yield group, size
            group, size = [], 0
        group.append(item)
        size += item_size
    if group or not items:
        yield group, size


def _size_of(item: AlertEvent | Refusal) -> int:
    if isinstance(item, AlertEvent):
        return EVENT_BYTES + len(item.content) + len(item.payload)
    return EVENT_BYTES + len(item.reason.encode())
