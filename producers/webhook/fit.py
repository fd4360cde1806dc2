"""Cutting batches again for a topic that takes less than tocsin declares: each record that still fits is written.

Not here: how large it may be (`producers/oversize.py`), sending again (`publish.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from producers.webhook.cut import Piece
from producers.webhook.frame_body import encode_frame
from producers.webhook.join import events_header
from schemas.records import AlertBatch, AlertEvent, Refusal


@dataclass(slots=True)
class Fitted:
    """Pieces that fit, each as a record of its own, in order; and the elements that never will."""

    pieces: list[Piece] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def fit(pieces: Sequence[Piece], room_bytes: int | None, reason: str) -> Fitted:
    """Halve each piece until its record fits; an alert that alone does not fit is refused, with a reason.

    `room_bytes` None: the limit is not known. Then the elements of each are tried one by one, and one that is alone is refused.
    """
    fitted = Fitted()
    for piece in pieces:
        for batch, does_fit in _cut(piece.batch, room_bytes):
            if does_fit:
                fitted.pieces.append(Piece(batch, _size_of(batch)))
            else:
                fitted.refusals += [Refusal(event.index, reason) for event in batch.events]
    if fitted.refusals and pieces:
        told = msgspec.structs.replace(pieces[-1].batch, events=[], refusals=list(fitted.refusals))
        fitted.pieces += [Piece(batch, _size_of(batch)) for batch, _ in _cut(told, room_bytes, is_first=False)]
    return fitted


def _cut(batch: AlertBatch, room_bytes: int | None, *, is_first: bool = True) -> Iterator[tuple[AlertBatch, bool]]:
    """Give a batch in pieces, each with whether it fits."""
    items: list[AlertEvent | Refusal] = [*batch.events, *batch.refusals]
    if _fits(batch, room_bytes, is_first):
        yield batch, True
    elif len(items) < 2:
        yield batch, not batch.events  # what holds no alert is tried as it is
    else:
        for half in (items[: len(items) // 2], items[len(items) // 2 :]):
            yield from _cut(_with(batch, half), room_bytes, is_first=False)


def _fits(batch: AlertBatch, room_bytes: int | None, is_first: bool) -> bool:
    if room_bytes is None:
        return not is_first and len(batch.events) + len(batch.refusals) < 2
    return _size_of(batch) <= room_bytes


def _with(batch: AlertBatch, items: Sequence[AlertEvent | Refusal]) -> AlertBatch:
    return msgspec.structs.replace(
        batch,
        events=[item for item in items if isinstance(item, AlertEvent)],
        refusals=[item for item in items if isinstance(item, Refusal)],
    )


def _size_of(batch: AlertBatch) -> int:
    return len(encode_frame([batch])) + len(events_header([batch]))
