"""Receipts: a ULID for each request (https://github.com/ulid/spec), and how many alerts it had: `01ARZ3…-2`.

The last 32 of its 80 random bits are a mark of the integration that sent the request, so that a receipt that PostgreSQL
does not know yet is told from another's without asking anyone. Not here: what became of the alerts (`outcomes.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from ulid import ULID

from producers.webhook.door import Door

RANDOM_BYTES = 6
"""With the millisecond before them enough: two of one millisecond are equal once in 10^14."""
MARK_BYTES = 4
_FORM = re.compile(r"([0-7][0-9A-HJKMNP-TV-Z]{25})-([0-9]{1,7})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says by itself."""

    text: str
    at_millis: int
    count: int
    mark: bytes

    def is_of(self, door: Door) -> bool:
        """Whether a request to this door got it, which has no more alerts than one may have."""
        return self.mark == _mark(door) and self.count <= door.limits.max_alertmanager_alerts


def new_receipt(door: Door, count: int, now_millis: Callable[[], int], random_bytes: Callable[[int], bytes]) -> str:
    """Make a receipt of the clock, random bytes, the integration, and how many alerts the request had."""
    return f"{ULID(now_millis().to_bytes(6, 'big') + random_bytes(RANDOM_BYTES) + _mark(door))}-{count}"


def parse_receipt(text: str) -> Receipt | None:
    """Read a receipt; None for what is none of ours."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    data = ULID.from_str(found[1]).bytes
    return Receipt(text, int.from_bytes(data[:6], "big"), int(found[2]), data[-MARK_BYTES:])


def _mark(door: Door) -> bytes:
    return blake2b(f"{door.project}/{door.integration}".encode(), digest_size=MARK_BYTES).digest()
