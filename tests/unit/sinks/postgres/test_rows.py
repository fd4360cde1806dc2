from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from schemas import records
from schemas.chain import Position
from schemas.codec import encode, encode_body
from schemas.errors import BrokenChain
from schemas.records import Content, Entry
from sinks.postgres import tables
from sinks.postgres.rows import ROWS_AT_ONCE, encode_rows, gather_rows, replace_nul
from sinks.sink import Batch, JournalEntry
from tests.unit.sinks.alerts import alert, alert_section


def content_section(number: int, body: bytes) -> bytes:
    return encode(records.ContentSection([records.AlertContent("shop", number, body)]))


def batch(*sections: dict[str, Any]) -> Batch:
    entries = tuple(
        JournalEntry(0, Position(place, place + 1), (Entry("w", "1", place - 1, place, place + 1, **one),))
        for place, one in enumerate(sections)
    )
    return Batch(entries, {0: Position()}, {0: entries[-1].position})


def written(rows: Sequence[Any]) -> str:
    (text,) = encode_rows(rows)
    return text


def test_an_alert_of_several_entries_is_written_once_in_its_last_form() -> None:
    rows = gather_rows(batch({"alerts": alert_section(alert(1, 1), alert(2, 1))}, {"alerts": alert_section(alert(1, 2, 2))}))
    assert rows == {tables.ALERTS: [alert(1, 2, 2), alert(2, 1)]}


def test_an_alert_that_says_something_new_is_written_whole_and_a_repeat_is_not() -> None:
    content = content_section(1, encode_body(Content("Disk full", labels={"disk": "sda"})))
    rows = gather_rows(batch({"alerts": alert_section(alert(1, 1), alert(2, 5)), "contents": content}))
    assert [row.number for row in rows[tables.ALERTS]] == [2]
    (whole,) = json.loads(written(rows[tables.WHOLE_ALERTS]))
    assert (whole["number"], whole["title"], whole["labels"], whole["events"]) == (1, "Disk full", {"disk": "sda"}, 1)


def test_what_an_alert_said_earlier_in_the_batch_is_written_with_its_last_form() -> None:
    content = content_section(1, encode_body(Content("Disk full")))
    first, repeat = {"alerts": alert_section(alert(1, 1)), "contents": content}, {"alerts": alert_section(alert(1, 2, 2))}
    (whole,) = gather_rows(batch(first, repeat))[tables.WHOLE_ALERTS]
    assert (whole.title, whole.version, whole.events) == ("Disk full", 2, 2)


def test_content_without_its_alert_is_refused() -> None:
    with pytest.raises(BrokenChain, match="shop/3"):
        gather_rows(batch({"contents": content_section(3, encode_body(Content("x")))}))


def test_content_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BrokenChain, match="shop/1"):
        gather_rows(batch({"alerts": alert_section(alert(1, 1)), "contents": content_section(1, b"\xff")}))


def test_outcomes_leave_out_what_is_null() -> None:
    events = [records.EventOutcome(0, "merged", 7), records.EventOutcome(1, "rejected", reason="too long")]
    outcome = records.Outcome("shop", "generic", 5, 0, 99, "r", 2, events)
    (rows,) = gather_rows(batch({"outcomes": encode(records.OutcomeSection([outcome]))})).values()
    assert json.loads(written(rows)) == [
        {
            "project": "shop", "integration": "generic", "receipt": "r", "partition": 0, "item": 0, "total": 2, "offset": 5,
            "at": 99, "actor": None,
            "events": [{"index": 0, "outcome": "merged", "alert": 7}, {"index": 1, "outcome": "rejected", "reason": "too long"}],
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\0b", "a\ufffdb"),
        ("\0\0\0", "\ufffd\ufffd\ufffd"),
        ("\\\0", "\\\ufffd"),
        ("\\u0000", "\\u0000"),
        ("\\\\u0000\0", "\\\\u0000\ufffd"),
        ("nothing", "nothing"),
    ],
)
def test_nul_is_replaced_and_what_only_looks_like_it_is_kept(said: str, kept: str) -> None:
    assert json.loads(replace_nul(written([said, {said: said}]))) == [kept, {kept: kept}]


def test_very_many_rows_are_written_in_several_statements() -> None:
    rows = list(range(2 * ROWS_AT_ONCE + 1))
    texts = list(encode_rows(rows))
    assert [len(json.loads(text)) for text in texts] == [ROWS_AT_ONCE, ROWS_AT_ONCE, 1]
    assert [row for text in texts for row in json.loads(text)] == rows
