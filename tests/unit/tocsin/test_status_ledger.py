"""The ledger's part of `tocsin status`."""

from __future__ import annotations

from sinks.ledger.store import Kept
from sinks.ledger.words import KEPT_MILLIS, Word
from tocsin.status_ledger import render_ledger, summarise

NOON = 1_767_268_800_000
"""2026-01-01T12:00:00Z"""
WORDS = {"shop/uptime": {"degraded": Word(1200, NOON), "old": Word(1, NOON - KEPT_MILLIS - 1)}, "bank/x": {"meh": Word(1, NOON)}}
BOOK = Kept(0, 1, {"shop": {"received": 3, "created": 3}, "bank": {}}, words=WORDS)


def test_words_without_a_meaning_stand_with_their_project_for_a_day() -> None:
    bank, shop = summarise([BOOK], NOON)
    assert shop["unknown_status_words"] == [
        {"integration": "uptime", "word": "degraded", "count": 1200, "last_at": "2026-01-01T12:00:00.000Z"}
    ]
    assert [one["word"] for one in bank["unknown_status_words"]] == ["meh"]


def test_a_word_without_a_meaning_has_a_line_that_says_what_to_do() -> None:
    assert render_ledger(summarise([BOOK], NOON))[-2:] == [
        "▲ bank/x: unknown status word 'meh', once, last at 2026-01-01 12:00:00 UTC; "
        "it counts as firing until status_map gives it a meaning",
        "▲ shop/uptime: unknown status word 'degraded', 1,200 times, last at 2026-01-01 12:00:00 UTC; "
        "it counts as firing until status_map gives it a meaning",
    ]
