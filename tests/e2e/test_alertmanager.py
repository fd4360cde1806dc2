"""A real Alertmanager fires and resolves one alert: the row, Slack's message and the status page follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import CHANNEL, TOKEN, Live
from tests.e2e.servers import Alertmanager, now, running_alertmanager
from tests.servers import scratch_directory, wait_until

TITLE = "Invoices are late"
PAGE_TITLE = "Billing: partly down"
"""Of an incident that its rule publishes: never an alert's text."""
LABELS = {"alertname": "InvoicesLate", "service": "billing", "severity": "page", "instance": "billing-1:8080"}
ANNOTATIONS = {"summary": TITLE, "description": "4,000 wait.", "runbook_url": "https://runbooks.example.com/late"}
ROW = """
SELECT number, title, description, severity, status, events, service, hosts, monitoring_tool, labels, incident, started_at
FROM tocsin.alerts WHERE project = 'e2e' AND labels->>'alertname' = 'InvoicesLate'
"""


@pytest.fixture(scope="module")
def alertmanager(live: Live) -> Iterator[Alertmanager]:
    door = f"{live.webhook}/in/e2e/alertmanager"
    with scratch_directory() as directory, running_alertmanager(directory, door, TOKEN) as running:
        yield running


def test_what_a_real_alertmanager_sends_reaches_row_slack_and_page(live: Live, alertmanager: Alertmanager) -> None:
    started_at = now().replace(microsecond=0) - timedelta(minutes=2)
    alertmanager.send(LABELS, ANNOTATIONS, started_at)
    wait_until(lambda: live.rows(ROW) != [], "the row is there")
    (row,) = live.rows(ROW)
    assert row == {
        "number": row["number"], "title": TITLE, "description": "4,000 wait.", "severity": "high", "status": "triggered",
        "events": 1, "service": "billing", "hosts": ["billing-1:8080"], "monitoring_tool": "Prometheus", "labels": LABELS,
        "incident": row["incident"], "started_at": started_at,
    }  # fmt: skip
    number = row["incident"]
    opened: tuple[str, list[str]] = (f"◆ high, triggered: {TITLE} (e2e #{number})", [])
    wait_until(lambda: slack_shows(live) == opened, f"Slack has one message, opened: {slack_shows(live)}")
    shown = ("partial_outage", [(PAGE_TITLE, "investigating", "major")])
    wait_until(lambda: page_shows(live) == shown, "the status page shows the incident and its component")

    alertmanager.send(LABELS, ANNOTATIONS, started_at, ended_at=now())
    wait_until(lambda: [row["status"] for row in live.rows(ROW)] == ["resolved"], "the row is resolved")
    wait_until(lambda: slack_shows(live)[0] == f"✓ high, resolved: {TITLE} (e2e #{number})", "the message is edited")
    wait_until(lambda: len(slack_shows(live)[1]) == 1, "a reply in the thread says it")
    wait_until(lambda: page_shows(live) == ("operational", []), "the status page is quiet again")


def slack_shows(live: Live) -> tuple[str, list[str]]:
    """Give the text of the incident's only message, and the replies in its thread."""
    messages: list[dict[str, Any]] = httpx.get(f"{live.slack}/_messages", trust_env=False).raise_for_status().json()
    heads = [one for one in messages if one["channel"] == CHANNEL and "thread_ts" not in one and TITLE in one["text"]]
    assert len(heads) < 2, f"the incident was posted twice: {heads}"
    replies = [one["text"] for one in messages if heads and one.get("thread_ts") == heads[0]["ts"]]
    return heads[0]["text"] if heads else "", replies


def page_shows(live: Live) -> tuple[str, list[tuple[str, str, str]]]:
    """Give the status of the component, and the incidents of ours that are shown as unresolved."""
    summary = live.summary()
    incidents = [(one["name"], one["status"], one["impact"]) for one in summary["incidents"] if one["name"] == PAGE_TITLE]
    return next(one["status"] for one in summary["components"] if one["name"] == "Billing"), incidents
