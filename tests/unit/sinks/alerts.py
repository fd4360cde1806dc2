"""Alerts as the journal holds them, for sinks that only carry them on."""

from __future__ import annotations

from schemas import records
from schemas.codec import encode


def alert(number: int, version: int, events: int = 1) -> records.AlertState:
    return records.AlertState(
        "shop", number, version, version, 0, "f", b"", "generic", "high", "triggered", events, 1, None, 1, 1, None, None, None,
        None, None, None, [], False, [], b"c", b"p", None,
    )  # fmt: skip


def alert_section(*items: records.AlertState) -> bytes:
    return encode(records.AlertSection(list(items)))
