"""Receipts are ULIDs: 48 bits of time, 80 random ones."""

from __future__ import annotations

from producers.webhook.receipts import new_receipt


def test_a_receipt_is_its_time_and_its_random_bytes() -> None:
    assert new_receipt(lambda: 1_469_918_176_385, lambda count: b"\xff" * count) == "01ARYZ6S41ZZZZZZZZZZZZZZZZ"


def test_later_receipts_sort_after_earlier_ones() -> None:
    first = new_receipt(lambda: 1, lambda count: b"\xff" * count)
    second = new_receipt(lambda: 2, bytes)
    assert first < second
