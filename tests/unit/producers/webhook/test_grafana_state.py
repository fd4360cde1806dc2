"""Why Grafana's alerts end, and what those are called that Grafana raises about a rule itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producers.webhook.formats import prometheus
from producers.webhook.formats.recognise import parse
from producers.webhook.grafana_state import REASONS, end_reason_of, title_of
from producers.webhook.text import Json
from schemas.records import AlertEvent
from tests.unit.producers.webhook.doors import a_door, content_of


def envelope(**alert: Any) -> dict[str, Any]:
    return {"orgId": 1, "version": "1", "alerts": [{"labels": {"alertname": "Disk full"}, "status": "resolved", **alert}]}


def event_of(**alert: Any) -> AlertEvent:
    (event,) = parse(json.dumps(envelope(**alert)).encode(), a_door()).events
    return event


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        *REASONS.items(),
        ("NoData, KeepLast", "there is no data and its last state is kept"),
        (" Paused ", "the rule was paused"),
        ("Eclipse", "Grafana says Eclipse"),
        ("x" * 300, f"Grafana says {'x' * 57}..."),
        (" , ", None),
    ],
)
def test_each_reason_is_said_in_words_that_follow_because(said: str, reason: str | None) -> None:
    assert end_reason_of({"grafana_state_reason": said}) == reason


@pytest.mark.parametrize("annotations", [None, [], "x", {}, {"grafana_state_reason": ""}, {"grafana_state_reason": {"a": 1}}])
def test_a_plain_recovery_has_no_reason(annotations: Json) -> None:
    assert end_reason_of(annotations) is None


def test_a_recovery_carries_its_reason_and_a_firing_alert_none() -> None:
    paused = {"grafana_state_reason": "Paused"}
    assert [event_of(annotations=paused, status=status).end_reason for status in ("resolved", "firing")] == [
        "the rule was paused", None,
    ]  # fmt: skip


def test_by_the_api_v2_the_reason_counts_if_the_alert_ends() -> None:
    alert = {"labels": {"a": "b"}, "annotations": {"grafana_state_reason": "MissingSeries"}, "endsAt": "2026-01-01T10:00:00Z"}
    (event,) = prometheus.parse(json.dumps([alert]).encode(), a_door("alertmanager")).events
    assert (event.is_firing, event.end_reason) == (True, "its series is no longer there")


def test_an_alert_about_missing_data_is_named_after_its_rule_and_not_by_the_rules_own_summary() -> None:
    labels = {"alertname": "DatasourceNoData", "rulename": "Disk full", "datasource_uid": "abc"}
    said = envelope(status="firing", labels=labels, annotations={"summary": "Disk full on [no value]"})
    assert content_of(said).title == "Disk full: no data"


def test_only_alerts_about_a_rule_are_named_after_it() -> None:
    assert title_of({"alertname": "DatasourceError", "rulename": "Disk full"}) == "Disk full: evaluation fails"
    others = ({"alertname": "DatasourceNoData"}, {"rulename": "x"}, {"alertname": "A", "rulename": "x"})
    assert [title_of(labels) for labels in others] == [None, None, None]
