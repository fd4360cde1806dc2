"""What became of each alert of a request, in the order in which it was sent (DESIGN section 4, receipts).

Not here: PostgreSQL (`database.py`), who may ask (`auth.py`), what a receipt says by itself (`receipts.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

import msgspec

from producers.webhook.door import Door
from producers.webhook.receipts import Receipt, parse_receipt
from producers.webhook.refused import NoReceipt, Unreadable
from schemas.errors import Unavailable
from schemas.records import OutcomeKind, SuppressedBy

PENDING_MILLIS = 60 * 60_000
"""How long a request that PostgreSQL does not know is taken for one that is still on its way."""


class AlertOutcome(msgspec.Struct, frozen=True):
    """One alert of the request; all but its index and outcome may be null."""

    index: int
    outcome: OutcomeKind | Literal["pending"] = "pending"
    alert: int | None = None
    incident: int | None = None
    suppressed_by: SuppressedBy | None = None
    reason: str | None = None


class Outcomes(Protocol):
    """Where outcomes are kept; a fake stands in for it in tests."""

    async def find(self, project: str, integration: str, receipt: str) -> list[AlertOutcome]:
        """Give the outcomes of a request that are known, in any order; raises `Unavailable`."""
        ...


async def read_receipt(text: str, doors: Sequence[Door], outcomes: Outcomes, now_millis: int) -> list[AlertOutcome]:
    """Tell what became of a request to one of these doors, an item for each alert.

    Raises `NoReceipt` for one that is unknown, forgotten or another's, `Unreadable` while PostgreSQL does not answer.
    """
    receipt = parse_receipt(text)
    door = next((door for door in doors if receipt is not None and receipt.is_of(door)), None)
    if receipt is None or door is None:
        raise NoReceipt
    try:
        found = await outcomes.find(door.project, door.integration, text)
    except Unavailable as error:
        raise Unreadable("Receipts cannot be read now. The request itself is not affected. Ask again a little later.") from error
    if not found and now_millis - receipt.at_millis > PENDING_MILLIS:
        raise NoReceipt
    return _complete(receipt, found)


def _complete(receipt: Receipt, found: Iterable[AlertOutcome]) -> list[AlertOutcome]:
    known = {one.index: one for one in found}
    return [known.get(index) or AlertOutcome(index) for index in range(receipt.count)]
