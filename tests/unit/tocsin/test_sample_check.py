"""`tocsin config check --sample`: the alerts that a payload would become."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from producers.webhook.refused import NotAnAlert, NotJson, TooLarge
from schemas.configuration import Integration
from schemas.configuration_file import parse_configuration
from schemas.errors import OperatorError
from schemas.limits import Limits
from schemas.records import Link, Refusal
from tocsin.cli.main import app
from tocsin.sample_check import Sample, SampleAlert, choose, read_sample, render_sample
from tocsin.terminal import Terminal

FILE = """
projects:
  shop:
    integrations:
      uptime: {format: generic, fields: {title: check.name, severity: check.level}, severity_map: {ouch: high}, default_severity: low}
      main: {format: alertmanager}
      orders: {format: topic, topic: alerts.orders}
"""  # noqa: E501
CONFIGURATION = parse_configuration(FILE, "file")
PAYLOAD = [
    {"check": {"name": "Down", "level": "ouch"}, "start_time": 1, "runbook": "https://x.example.com/"},
    7,
    {"status": "ok"},
]
FINGERPRINT = "4bfc5cb48b81cb35c6142297ac2a549d7cc04ac7"
"""Of `db-1`, by the rules' own example."""


def sample_of(payload: object, integration: str = "shop/uptime") -> Sample:
    return read_sample(*choose(CONFIGURATION, integration), json.dumps(payload).encode())


def test_sample_shows_what_the_fields_and_words_of_the_integration_make() -> None:
    found = sample_of({**PAYLOAD[0], "fingerprint": "db-1", "hosts": ["a"], "labels": {"team": "x"}})  # type: ignore[dict-item]
    alert = SampleAlert(
        index=0, title="Down", description=None, severity="high", is_default_severity=False, status="firing",
        unknown_status=None, started_at="1970-01-01T00:00:01.000Z", ended_at=None, expires_at=None, end_reason=None,
        fingerprint=FINGERPRINT,
        service=None, monitoring_tool=None,
        hosts=["a"], environment=None, labels={"team": "x"}, annotations={}, links=[Link("runbook", "https://x.example.com/")],
        query=None,
    )  # fmt: skip
    assert found == Sample("shop/uptime", "generic", [alert], [])


def test_refused_elements_stand_beside_the_others_with_their_reason() -> None:
    found = sample_of(PAYLOAD)
    said = [(alert.index, alert.status, alert.severity, alert.is_default_severity) for alert in found.alerts]
    assert said == [(0, "firing", "high", False), (2, "resolved", "low", True)]
    assert found.rejected == [Refusal(1, "not an object")]


def test_terminal_shows_each_alert_and_each_refusal() -> None:
    lines = render_sample(sample_of(PAYLOAD), Terminal()).splitlines()
    assert [line for line in lines if not line.startswith("  ")] == [
        "shop/uptime reads it as generic: 2 accepted, 1 refused", "", "◆ high  Down", "", "■ low  New: Alert", "",
        "✗ element 1 is refused: not an object",
    ]  # fmt: skip
    assert "  started      1970-01-01 00:00:01 UTC" in lines
    assert "  severity     low, the integration's default: none that is known is named" in lines


def test_sample_shows_words_without_a_meaning_and_what_status_map_passes_over() -> None:
    integration = Integration(format="generic", status_map={"Ack": "ignore", "ALARM": "firing", "0": "resolved"})
    payload = [{"status": "alarm"}, {"status": 0}, {"status": "degraded"}, {"status": " ack "}]
    found = read_sample("shop", "uptime", integration, json.dumps(payload).encode())
    assert [(one.status, one.unknown_status) for one in found.alerts] == [
        ("firing", None), ("resolved", None), ("firing", "degraded"),
    ]  # fmt: skip
    assert (found.rejected, [one.index for one in found.ignored]) == ([], [3])
    lines = render_sample(found, Terminal()).splitlines()
    assert lines[0] == "shop/uptime reads it as generic: 3 accepted, 0 refused, 1 ignored"
    assert "  status       firing, since 'degraded' has no meaning: give it one in status_map" in lines
    assert lines[-1] == "○ element 3 is ignored: status_map passes over the status 'ack'"


def test_an_alertmanager_payload_is_recognised_whatever_the_integration() -> None:
    found = sample_of({"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "test"}}]})
    assert (found.format, found.alerts[0].fingerprint) == ("alertmanager", "1f56cb8f931d1bd4")


def test_an_array_for_an_alertmanager_is_what_prometheus_itself_sends() -> None:
    prometheus = [{"labels": {"alertname": "test"}, "endsAt": "2026-11-24T08:00:00Z"}]
    found, as_generic = sample_of(prometheus, "shop/main"), sample_of(prometheus)
    (alert,) = found.alerts
    assert (found.format, alert.fingerprint, alert.status) == ("prometheus", "1f56cb8f931d1bd4", "firing")
    assert (alert.ended_at, alert.expires_at) == (None, "2026-11-24T08:00:00.000Z")
    assert "  resolves at  2026-11-24 08:00:00 UTC" in render_sample(found, Terminal()).splitlines()
    assert as_generic.format == "generic"


def test_a_payload_that_the_door_takes_nothing_of_is_refused_as_there() -> None:
    with pytest.raises(NotAnAlert):
        sample_of({"title": "x"}, "shop/main")
    with pytest.raises(NotJson):
        read_sample(*choose(CONFIGURATION, "shop/uptime"), b"{")
    with pytest.raises(TooLarge, match="1 MiB"):
        sample_of({"a": "x" * Limits().max_body_bytes})


def test_integration_must_be_named_when_several_take_http() -> None:
    with pytest.raises(OperatorError, match=r"which integration is it\? write one of shop/uptime, shop/main"):
        choose(CONFIGURATION, None)
    with pytest.raises(OperatorError, match="there is no integration shop/orders"):
        choose(CONFIGURATION, "shop/orders")


def check(folder: Path, payload: object, *arguments: str) -> Result:
    (folder / "tocsin.yaml").write_text(FILE)
    (folder / "payload.json").write_text(json.dumps(payload))
    given = ["--sample", str(folder / "payload.json"), "--integration", "shop/uptime", *arguments]
    return CliRunner().invoke(app, ["config", "check", str(folder / "tocsin.yaml"), *given])


def test_command_ends_with_1_when_anything_would_be_refused(tmp_path: Path) -> None:
    good, bad = check(tmp_path, PAYLOAD[0], "--json"), check(tmp_path, PAYLOAD, "--json")
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert [alert["title"] for alert in json.loads(good.stdout)["alerts"]] == ["Down"]
    assert json.loads(bad.stdout)["rejected"] == [{"index": 1, "reason": "not an object"}]


def test_json_without_a_sample_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "tocsin.yaml").write_text(FILE)
    assert CliRunner().invoke(app, ["config", "check", str(tmp_path / "tocsin.yaml"), "--json"]).exit_code == 2


@pytest.mark.parametrize(
    ("match", "verdict", "warned"),
    [
        ("['severity=\"warning\"']", "is good", []),
        ("['severity=\"hihg\"']", "can be applied, with the warning above", [34]),
        ("['severity=\"hihg\"', 'status=\"x\"']", "can be applied, with the 2 warnings above", [34, 53]),
    ],
)
def test_a_file_with_a_matcher_that_can_match_nothing_is_not_called_good(
    tmp_path: Path, match: str, verdict: str, warned: list[int]
) -> None:
    file = tmp_path / "tocsin.yaml"
    file.write_text(f"projects: {{p: {{notify: [{{match: {match}}}]}}}}\n")
    done = CliRunner().invoke(app, ["config", "check", str(file)])
    assert (done.exit_code, done.stdout) == (0, f"{file} {verdict}: projects 1, people 0\n")
    assert [line.split(": ")[:2] for line in done.stderr.splitlines()] == [[f"{file}:1:{column}", "warning"] for column in warned]
