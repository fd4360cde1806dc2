"""Recurrence rules as maintenance windows may have them."""

from __future__ import annotations

import pytest

from schemas.recurrence import check_recurrence


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU;WKST=MO",
        "FREQ=MONTHLY;BYDAY=1SU,-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=12",
        "FREQ=YEARLY;BYMONTH=12;UNTIL=20301231T235959Z",
        "FREQ=DAILY;BYHOUR=2,14;BYMINUTE=30",
        "FREQ=DAILY;UNTIL=20261127",
    ],
)
def test_rules_of_rfc_5545_are_taken_as_they_are(text: str) -> None:
    assert check_recurrence(text) == text
    assert check_recurrence(f"RRULE:{text}") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "weekly",
        "FREQ=SECONDLY",
        "INTERVAL=2",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=1;UNTIL=20301231",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;",
        "freq=daily",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=DAILY;UNTIL=20260230",
        "FREQ=DAILY;UNTIL=20261127T250000Z",
    ],
)
def test_other_texts_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write a rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=SA"):
        check_recurrence(text)
