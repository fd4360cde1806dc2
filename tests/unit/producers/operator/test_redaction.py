"""Numbers of what a viewer may not see, taken out of what he sees."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from producers.operator import shapes
from producers.operator.queries import Scope
from producers.operator.redaction import redact, redact_text
from tests.unit.producers.operator.client import ALERTS, INCIDENTS, Client, FakeDatabase
from tests.unit.producers.operator.rows import alert_row, entry_row, incident_row

HIDDEN = [{"kind": "incident", "number": 70707}, {"kind": "alert", "number": 60606}]
OTHERS = {"alerts": [alert_row()], "incidents": [incident_row()]}
VIEWER, RESPONDER = Scope("shop", "bob", False), Scope("shop", "ada", True)


def text(said: str, scope: Scope = VIEWER) -> str:
    return asyncio.run(redact_text(FakeDatabase(hidden=HIDDEN), scope, said))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("merged into incident #70707", "merged into incident (another)"),
        ("alert #5 moved to incident #70707", "alert #5 moved to incident (another)"),
        (
            "incident #8 was merged into #70707: look there",
            "incident #8 was merged into (another): look there",
        ),
        ("alert #60606 is open and has the same fingerprint", "alert (another) is open and has the same fingerprint"),
        ("see #70707, #60606 and #8", "see (another), (another) and #8"),
        ("incident #60606 and alert #70707 are others", "incident #60606 and alert #70707 are others"),
        ("nothing is named", "nothing is named"),
    ],
)
def test_a_text_names_no_number_that_may_not_be_seen(said: str, shown: str) -> None:
    assert (text(said), text(said, RESPONDER)) == (shown, said)


def test_fields_name_none_either() -> None:
    alert = shapes.alert_in_list(
        {**alert_row(), "incident": 70707, "previous": 60606, "suppressed_by_kind": "inhibition", "suppressed_by_id": "60606"}
    )
    merged = shapes.incident({**incident_row(), "merged_into": 70707})
    shown = asyncio.run(redact(FakeDatabase(hidden=HIDDEN), VIEWER, [alert, merged]))
    said = msgspec.json.encode(shown)
    assert b"70707" not in said
    assert b"60606" not in said
    assert asyncio.run(redact(FakeDatabase(hidden=HIDDEN), RESPONDER, [alert, merged])) == [alert, merged]


@pytest.mark.parametrize(
    ("path", "table", "row"),
    [
        (ALERTS, "alerts", {**alert_row(), "previous": 60606}),
        (f"{ALERTS}/7", "alerts", {**alert_row(), "previous": 60606}),
        (INCIDENTS, "incidents", {**incident_row(), "merged_into": 70707}),
        (f"{INCIDENTS}/1", "incidents", {**incident_row(), "merged_into": 70707}),
        (f"{INCIDENTS}/1/timeline", "timeline", {**entry_row(1), "text": "merged into incident #70707"}),
        (f"{ALERTS}/7/timeline", "timeline", {**entry_row(1), "text": "moved to incident #70707", "incident": 70707}),
    ],
)
def test_every_list_and_page_is_redacted(path: str, table: str, row: dict[str, object]) -> None:
    tables = {table: [row], **{name: rows for name, rows in OTHERS.items() if name != table}}
    answers = [Client(FakeDatabase(dict(tables), hidden=HIDDEN)).get(path, who) for who in ("bob", "ada")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [b"0707" in answer.content or b"60606" in answer.content for answer in answers] == [False, True]


def test_a_refusal_names_none() -> None:
    refused = [{"outcome": "refused", "reason": "incident #8 was merged into #70707: look there", "index": 0}]
    database = FakeDatabase({"outcomes": [{"partition": 0, "inbox_offset": 41, "item": 0, "events": refused}]}, hidden=HIDDEN)
    answer = Client(database).get("/api/v1/projects/shop/commands/c-1", "bob")
    assert (answer.status_code, "70707" in answer.text) == (409, False)
