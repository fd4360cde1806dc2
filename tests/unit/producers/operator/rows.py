"""Rows as PostgreSQL gives them to the operator door, and what the API makes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

AT = datetime(2026, 1, 2, 3, 4, 5, 600_000, UTC)
MILLIS = int(AT.timestamp() * 1000)
AT_TEXT = "2026-01-02T03:04:05.600Z"
_ALERT: dict[str, Any] = {
    "project": "shop", "number": 7, "version": 3, "title": "Slow", "description": None, "severity": "high", "status": "triggered",
    "events": 2, "fingerprint": "f00", "integration": "prometheus", "service": "web", "monitoring_tool": "Prometheus",
    "hosts": ["a", "b"], "environment": None, "labels": {"job": "web"}, "annotations": {}, "links": [{"kind": "url", "url": "http://x"}],
    "query": "up == 0", "incident": 1, "previous": None, "assignees": ["ada"], "end_reason": None,
}  # fmt: skip
ALERT_JSON: dict[str, Any] = {
    **_ALERT, "started_at": AT_TEXT, "ended_at": None, "first_seen_at": AT_TEXT, "last_seen_at": AT_TEXT, "suppressed_by": None,
    "flapping": False,
    "still_sent": False,
}  # fmt: skip
_INCIDENT: dict[str, Any] = {
    "project": "shop", "number": 1, "version": 4, "title": "Slow", "description": "d", "severity": "high",
    "status": "acknowledged", "rule": "by service",
    "author": "alert-bot", "assignees": [], "zoom": None, "links": [], "merged_into": None,
    "published": None, "end_reason": None,
}  # fmt: skip
INCIDENT_JSON: dict[str, Any] = {
    **_INCIDENT, "group": {"service": "web", "env": ""}, "alerts": {"firing": 1, "total": 2}, "created_at": AT_TEXT,
    "acknowledged_at": AT_TEXT, "resolved_at": None, "confidential": False, "sla_missed": True,
}  # fmt: skip


def alert_row(**changes: Any) -> dict[str, Any]:
    times = {"started_at": AT, "ended_at": None, "first_seen_at": AT, "last_seen_at": AT}
    return {
        **_ALERT, **times, "suppressed_by_kind": None, "suppressed_by_id": None, "is_flapping": False, "is_still_sent": False,
        "payload": b'{"a": 1}', "sort_key": "7", **changes,
    }  # fmt: skip


def incident_row(**changes: Any) -> dict[str, Any]:
    group = [{"name": "service", "value": "web"}, {"name": "env", "value": ""}]
    return {
        **_INCIDENT, "group_values": group, "firing": 1, "total": 2, "created_at": AT, "acknowledged_at": AT, "resolved_at": None,
        "is_confidential": False, "is_sla_missed": True, "sort_key": "1", **changes,
    }  # fmt: skip


def entry_row(incident: int | None) -> dict[str, Any]:
    return {
        "at": AT, "actor": "ada", "kind": "comment", "text": "Hm", "details": {"a": "b"}, "incident": incident, "number": 1,
        "sort_key": "x",
    }  # fmt: skip


_SILENCE: dict[str, Any] = {
    "id": "4", "matchers": ['service="web"'], "comment": "deploy", "created_by": "ada", "state": "active", "muted_7d": 12,
}  # fmt: skip
SILENCE_JSON: dict[str, Any] = {**_SILENCE, "starts_at": AT_TEXT, "ends_at": AT_TEXT}


def silence_row(**changes: Any) -> dict[str, Any]:
    return {**_SILENCE, "starts_at": AT, "ends_at": AT, "sort_key": "x", **changes}
