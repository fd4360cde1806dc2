"""Receipts: one ULID for each request, in the order of time (https://github.com/ulid/spec)."""

from __future__ import annotations

from collections.abc import Callable

from ulid import ULID

RANDOM_BYTES = 10


def new_receipt(now_millis: Callable[[], int], random_bytes: Callable[[int], bytes]) -> str:
    """Make a receipt of the clock and ten random bytes."""
    return str(ULID(now_millis().to_bytes(6, "big") + random_bytes(RANDOM_BYTES)))
