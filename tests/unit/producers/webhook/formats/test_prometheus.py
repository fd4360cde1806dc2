"""What Prometheus itself sends: an array of alerts, each of which ends by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producers.webhook.formats import prometheus, recognise
from producers.webhook.formats.parsed import Parsed
from producers.webhook.times import millis_of
from schemas.codec import decode_body
from schemas.records import Content, Refusal
from tests.unit.producers.webhook.doors import TESTS, a_door

CAPTURED = sorted((TESTS / "payloads" / "prometheus-direct").glob("*.json"))
SOON = "2026-01-02T04:00:00Z"


def parse(value: object) -> Parsed:
    return prometheus.parse(json.dumps(value).encode(), a_door("alertmanager"))


def end_of(**alert: Any) -> tuple[bool, int | None, int | None, int | None]:
    (event,) = parse([{"labels": {"alertname": "a"}, **alert}]).events
    return event.is_firing, event.ended_at, event.expires_at, event.expires_after_millis


def test_an_alert_says_when_it_ends_and_never_that_it_has() -> None:
    assert end_of(endsAt=SOON) == end_of(endsAt=SOON, status="resolved") == (True, None, millis_of(SOON), None)


@pytest.mark.parametrize("absent", [{}, {"endsAt": None}, {"endsAt": "-"}, {"endsAt": "0001-01-01T00:00:00Z"}])
def test_an_alert_without_an_end_lasts_five_minutes_from_each_time_it_is_sent(absent: dict[str, Any]) -> None:
    assert end_of(**absent) == (True, None, None, 300_000)


def test_an_absent_start_stays_absent() -> None:
    assert [event.started_at for event in parse([{"labels": {"a": "b"}}, {"labels": {"a": "b"}, "startsAt": SOON}]).events] == [
        None,
        millis_of(SOON),
    ]


def test_elements_without_labels_are_refused_alone() -> None:
    parsed = parse([{"labels": {"a": "b"}}, {"labels": {"a": ""}}, [], {"annotations": {}}])
    assert (parsed.format, parsed.total, [event.index for event in parsed.events]) == ("prometheus", 4, [0])
    assert parsed.refusals == [Refusal(1, "no labels"), Refusal(2, "not an object"), Refusal(3, "no labels")]


def test_it_has_the_identity_and_the_words_that_the_webhook_gives_it() -> None:
    alert = {"labels": {"alertname": "x", "team": ""}, "annotations": {"summary": "s"}, "generatorURL": "http://p/g?g0.expr=up"}
    (event,) = parse([alert]).events
    body = json.dumps({"version": "4", "alerts": [alert | {"status": "firing"}]}).encode()
    (other,) = recognise.parse(body, a_door("alertmanager")).events
    assert (event.fingerprint, event.identity, event.content) == (other.fingerprint, other.identity, other.content)


@pytest.mark.parametrize("path", CAPTURED, ids=lambda path: path.stem)
def test_what_a_real_prometheus_sent_is_taken_whole(path: Any) -> None:
    alerts = json.loads(path.read_text())["json"]
    parsed = parse(alerts)
    assert parsed.refusals == []
    assert [event.expires_at for event in parsed.events] == [millis_of(alert["endsAt"]) for alert in alerts]
    contents = [decode_body(event.content, Content) for event in parsed.events]
    assert [content.labels for content in contents] == [dict(sorted(alert["labels"].items())) for alert in alerts]
