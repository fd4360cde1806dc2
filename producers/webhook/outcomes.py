"""What became of each alert of a request, in the order in which it was sent (DESIGN section 4, receipts).

Not here: PostgreSQL (`database.py`), who may ask (`auth.py`), what a receipt says by itself (`receipts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from producers.webhook.door import Door
from producers.webhook.receipts import parse_receipt
from producers.webhook.refused import NoReceipt, Unreadable
from schemas.errors import Unavailable
from schemas.over_limit import count_over
from schemas.records import OutcomeKind, SuppressedBy

PENDING_MILLIS = 60 * 60_000
"""How long a request that PostgreSQL does not know is taken for one that is still on its way."""


_FROM = re.compile(rb"(?:\A|&)from=([0-9]{1,7})(?:&|\Z)")


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

    async def find(self, project: str, integration: str, receipt: str, wanted: range) -> list[AlertOutcome] | None:
        """Give the outcomes that are known of these alerts of a request, in any order; raises `Unavailable`.

        None where nothing is known of the request.
        """
        ...


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a request's alerts, in their order; of very many some, and how many there are."""

    alerts: list[AlertOutcome]
    alerts_in_all: int = 0


def first_asked(query: bytes) -> int:
    """Read from which alert on a receipt is asked for: `?from=10000`; 0 where nothing is said."""
    found = _FROM.search(query)
    return int(found[1]) if found else 0


async def read_receipt(text: str, doors: Sequence[Door], outcomes: Outcomes, now_millis: int, first: int = 0) -> Told:
    """Tell what became of a request to one of these doors, an item for each alert from `first` on, to a limit.

    Raises `NoReceipt` for one that is unknown, forgotten or another's, `Unreadable` while PostgreSQL does not answer.
    """
    receipt = parse_receipt(text)
    door = next((door for door in doors if receipt is not None and receipt.is_of(door)), None)
    if receipt is None or door is None:
        raise NoReceipt
    try:
        wanted = range(first, min(receipt.count, first + door.limits.max_listed_outcomes))
        found = await outcomes.find(door.project, door.integration, text, wanted)
    except Unavailable as error:
        raise Unreadable("Receipts cannot be read now. The request itself is not affected. Ask again a little later.") from error
    if found is None and now_millis - receipt.at_millis > PENDING_MILLIS:
        raise NoReceipt
    known = {one.index: one for one in found or ()}
    listed = [known.get(index) or AlertOutcome(index) for index in wanted]
    if len(listed) == receipt.count:
        return Told(listed)
    count_over("max_listed_outcomes")
    return Told(listed, receipt.count)
