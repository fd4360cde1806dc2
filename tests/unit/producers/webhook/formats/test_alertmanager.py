"""Alertmanager's and Grafana's bodies, beyond what the vectors say."""

from __future__ import annotations

from typing import Any

import pytest

from producers.webhook.formats.parsed import Parsed
from producers.webhook.formats.recognise import parse
from producers.webhook.refused import NotAnAlert, NotJson
from schemas.configuration import Format
from schemas.records import Content, Link, Refusal
from tests.unit.producers.webhook.doors import a_door, only_content, parse_json

START = "2026-01-02T03:04:05Z"
DOOR = a_door("alertmanager")


def element(labels: object, **more: object) -> dict[str, object]:
    return {"status": "firing", "labels": labels, "annotations": {}, "startsAt": START, "endsAt": "0001-01-01T00:00:00Z", **more}


def envelope(*alerts: object, **more: object) -> dict[str, Any]:
    return {"version": "4", "alerts": list(alerts), **more}


def parsed(*alerts: object, **more: object) -> Parsed:
    return parse_json(envelope(*alerts, **more), DOOR)


def test_an_element_with_everything_said() -> None:
    annotations = {"summary": "S", "message": "M", "runbook": "https://r.example", "gitlab_incident_markdown": "**I**", "n": 5}
    alert = element(
        {"alertname": "A", "app": "api", "node": "n1", "env": "prod", "empty": ""}, annotations=annotations,
        generatorURL="http://p.example/graph?g0.expr=up", dashboardURL="https://d.example", silenceURL="javascript:x",
    )  # fmt: skip
    assert only_content(parsed(alert, externalURL="http://am.example")) == Content(
        title="S", description="M", hosts=["n1"], service="api", environment="prod", monitoring_tool="Prometheus", query="up",
        incident_text="**I**", labels={"alertname": "A", "app": "api", "env": "prod", "node": "n1"},
        annotations={"gitlab_incident_markdown": "**I**", "message": "M", "n": "5",
                     "runbook": "https://r.example", "summary": "S"},
        links=[
            Link("generator", "http://p.example/graph?g0.expr=up"), Link("runbook", "https://r.example"),
            Link("dashboard", "https://d.example"), Link("external", "http://am.example"),
        ],
    )  # fmt: skip


@pytest.mark.parametrize("labels", [None, {}, [], "a=b", {"a": ""}, {"a": None}, {"a": {"b": "c"}}])
def test_an_element_without_labels_is_refused(labels: object) -> None:
    assert parsed(element(labels)).refusals == [Refusal(0, "no labels")]


def test_the_zero_time_of_go_is_no_time() -> None:
    (event,) = parsed(element({"a": "b"}, status="resolved", startsAt="0001-01-01T00:00:00Z")).events
    assert (event.is_firing, event.started_at, event.ended_at) == (False, None, None)


@pytest.mark.parametrize(
    ("labels", "severity", "as_sent"),
    [
        ({"severity": "warning", "priority": "P1"}, "low", None),
        ({"priority": "P1"}, "critical", "P1"),
        ({"severity": " ", "priority": "P1"}, "critical", "P1"),
        ({"priority": "odd"}, None, "odd"),
        ({"a": "b"}, None, None),
    ],
)
def test_the_word_that_the_severity_was_read_from_is_kept_where_it_is_not_the_label_of_that_name(
    labels: dict[str, str], severity: str | None, as_sent: str | None
) -> None:
    (event,) = parsed(element(labels)).events
    assert (event.severity, event.severity_as_sent) == (severity, as_sent)


def test_only_the_exact_word_resolves() -> None:
    alerts = [element({"a": "b"}, status=status, endsAt=START) for status in ("resolved", "Resolved", "ok", None, 1)]
    assert [(event.is_firing, event.ended_at) for event in parsed(*alerts).events] == [
        (False, 1_767_323_045_000), (True, None), (True, None), (True, None), (True, None),
    ]  # fmt: skip


def test_alerts_that_the_sender_left_out_are_counted_with_their_group() -> None:
    truncated = parsed(element({"a": "b"}), truncatedAlerts=7, groupKey='{}:{a="b"}')
    assert (truncated.truncated, truncated.group_key) == (7, '{}:{a="b"}')
    assert [parsed(truncatedAlerts=count).truncated for count in (0, -1, None, "7", 1.5, 10**400)] == [0] * 6


def test_no_alerts_are_accepted_with_nothing() -> None:
    assert parsed() == Parsed("alertmanager", [], [])


def test_an_escaped_name_is_the_same_name() -> None:
    body = rb'{"version":"\u0034","\u0061lerts":[{"labels":{"a":"\ud800"}}]}'
    (event,) = parse(body, DOOR).events
    assert (event.payload, event.identity != b"") == (rb'{"labels":{"a":"\ud800"}}', True)


@pytest.mark.parametrize(
    "body", [{"version": "4"}, {"version": "4", "alerts": {}}, {"alerts": []}, {"version": "3", "alerts": []}, [], 5]
)
def test_another_body_is_refused_where_alertmanagers_is_expected(body: object) -> None:
    with pytest.raises(NotAnAlert):
        parse_json(body, DOOR)


LABELLED = {"labels": {"alertname": "Down"}}


@pytest.mark.parametrize("version", [{}, {"version": None}, {"version": 4}, {"version": "5"}])
@pytest.mark.parametrize("format", ["generic", "alertmanager"])
def test_elements_with_labels_are_recognised_without_the_right_version(version: dict[str, Any], format: Format) -> None:
    parsed = parse_json({"alerts": [7, LABELLED, {"labels": {}}], "team": "shop", **version}, a_door(format))
    assert (parsed.format, [event.index for event in parsed.events], len(parsed.refusals)) == ("alertmanager", [1], 2)


@pytest.mark.parametrize("alerts", [[], [7], [{"title": "x"}], [{"labels": "a=b"}], [{"labels": {}}], {"0": LABELLED}])
def test_other_lists_of_alerts_are_generic(alerts: object) -> None:
    assert parse_json({"alerts": alerts}, a_door()).format == "generic"


def test_an_integration_whose_fields_lie_in_alerts_has_a_shape_of_its_own() -> None:
    parsed = parse_json({"alerts": [LABELLED]}, a_door(fields={"title": "alerts[0].labels.alertname"}))
    assert (parsed.format, only_content(parsed).title) == ("generic", "Down")


@pytest.mark.parametrize(
    "body", [b'{"alerts":[}', b'{"version":"4","alerts":[{"labels":{"a":"b"}},]}', b"", b'{"alerts":[],"version":NaN}']
)
def test_what_is_not_json_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(NotJson):
        parse(body, DOOR)


def test_grafana_is_recognised_by_its_organisation_whatever_the_integration() -> None:
    body = envelope(element({"alertname": "A"}), orgId=1) | {"version": "1"}
    for door in (DOOR, a_door("generic")):
        found = parse_json(body, door)
        assert (found.format, only_content(found).monitoring_tool) == ("grafana", "Grafana")


def test_no_organisation_is_not_grafana() -> None:
    assert parsed(element({"a": "b"}), orgId=None).format == "alertmanager"


def test_an_integrations_severity_words_count_for_labels_too() -> None:
    door = a_door("alertmanager", severity_map={"sev0": "critical"})
    assert parse_json(envelope(element({"a": "b", "severity": "SEV0"})), door).events[0].severity == "critical"
