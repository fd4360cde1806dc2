"""Rows of the read model as the API's JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from producers.operator import shapes
from tests.unit.producers.operator.rows import ALERT_JSON, INCIDENT_JSON, alert_row, incident_row


def as_json(value: msgspec.Struct) -> dict[str, Any]:
    return dict(json.loads(msgspec.json.encode(value)))


def test_alert_in_a_list_has_every_field_but_the_payload() -> None:
    assert as_json(shapes.alert_in_list(alert_row())) == ALERT_JSON


def test_one_alert_has_its_payload_as_received() -> None:
    payload = b'{"b": 1.50,  "a": "\\u00e9\\ud800"}'
    encoded = msgspec.json.encode(shapes.alert(alert_row(payload=payload)))
    assert b'"payload":' + payload in encoded
    assert json.loads(encoded) == {**ALERT_JSON, "payload": json.loads(payload)}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (None, None),
        (b"", None),
        (b"3", 3),
        (b"not json \xff", "not json \N{REPLACEMENT CHARACTER}"),
        (b"{}}", "{}}"),
        (b"[NaN]", "[NaN]"),
    ],
)
def test_answer_stays_json_whatever_the_payload_is(payload: bytes | None, expected: Any) -> None:
    assert json.loads(msgspec.json.encode(shapes.alert(alert_row(payload=payload))))["payload"] == expected


def test_suppressed_alert_says_by_what() -> None:
    row = alert_row(suppressed_by_kind="silence", suppressed_by_id="s1")
    assert as_json(shapes.alert_in_list(row)) == {**ALERT_JSON, "suppressed_by": {"kind": "silence", "id": "s1"}}


def test_incident_has_every_field() -> None:
    assert as_json(shapes.incident(incident_row())) == INCIDENT_JSON


def test_published_incident_says_what_the_page_shows() -> None:
    published = {
        "title": "Slow", "impact": "minor", "components": ["checkout"], "published_at": 1_800_000_000_001,
        "updates": [{"at": 1_800_000_000_999, "status": "investigating", "text": "Looking"}],
        "follows": ["title"], "continues_in": "2",
    }  # fmt: skip
    assert as_json(shapes.incident(incident_row(published=published)))["published"] == {
        **published,
        "published_at": "2027-01-15T08:00:00.001Z",
        "updates": [{"at": "2027-01-15T08:00:00.999Z", "status": "investigating", "text": "Looking"}],
    }


def test_what_was_published_by_an_older_version_follows_nothing() -> None:
    old = {"title": "Slow", "impact": "minor", "components": [], "published_at": 0, "updates": []}
    shown = as_json(shapes.incident(incident_row(published=old)))["published"]
    assert (shown["follows"], shown["continues_in"]) == ([], None)


def test_times_are_utc_with_milliseconds_and_zone() -> None:
    at = datetime(2026, 1, 1, 1, 2, 3, 4999, timezone(timedelta(hours=2)))
    assert shapes.time_text(at) == "2025-12-31T23:02:03.004Z"
    assert shapes.time_text(datetime(2, 1, 1, tzinfo=UTC)) == "0002-01-01T00:00:00.000Z"
