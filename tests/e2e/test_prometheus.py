"""A real Prometheus takes tocsin for its Alertmanager: its rule fires, goes on firing, and ends."""

from __future__ import annotations

from tests.e2e.conftest import TOKEN, Live
from tests.e2e.servers import now
from tests.servers import scratch_directory, wait_until
from tocsin.embedded import prometheus
from tocsin.embedded.prometheus import Watch

FIRING_SECONDS = 20
ROW = """
SELECT title, severity, status, events, monitoring_tool, query, resolved_by, expires_at IS NOT NULL AS expires
FROM tocsin.alerts WHERE project = 'e2e' AND labels->>'alertname' = 'ClockBeforeNoon'
"""


def test_rules_of_a_real_prometheus_fire_and_resolve_without_an_alertmanager_between(live: Live) -> None:
    expression = f"vector(time()) < {now().timestamp() + FIRING_SECONDS:.0f}"
    rule = {
        "alert": "ClockBeforeNoon",
        "expr": expression,
        "labels": {"severity": "warning", "service": "clock"},
        "annotations": {"summary": "It is not noon yet"},
    }
    watch = Watch(f"{live.webhook}/in/e2e/alertmanager", TOKEN, [rule])
    with scratch_directory() as directory, prometheus.running(directory, watch):
        wait_until(lambda: live.rows(ROW) != [], "the row is there")
        (row,) = live.rows(ROW)
        assert row["events"] >= 1
        assert row["query"].startswith("vector(time()) < ")
        assert row | {"events": 1, "query": ""} == {
            "title": "It is not noon yet", "severity": "low", "status": "triggered", "events": 1,
            "monitoring_tool": "Prometheus", "query": "", "resolved_by": None, "expires": True,
        }  # fmt: skip
        wait_until(lambda: [one["status"] for one in live.rows(ROW)] == ["resolved"], "the row is resolved")
        assert [one["resolved_by"] for one in live.rows(ROW)] == ["recovery"]
