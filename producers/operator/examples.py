"""One answer of each endpoint, for the description of the API. All are of one story: the checkout of a shop is slow.

Not here: how they are described (`documentation.py`), commands (`commands/examples.py`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from producers.operator.shapes import (
    Alert,
    AlertCounts,
    AlertInList,
    AlertTimelineEntry,
    Firing,
    Incident,
    Link,
    MutedCount,
    Project,
    Publication,
    PublicUpdate,
    Silence,
    TimelineEntry,
)

_ALERT: dict[str, Any] = {
    "project": "shop",
    "number": 7,
    "version": 3,
    "title": "Checkout is slow",
    "description": "The 95th percentile is over 2 s.",
    "severity": "high",
    "status": "triggered",
    "events": 3,
    "started_at": "2026-03-01T12:00:00.000Z",
    "ended_at": None,
    "first_seen_at": "2026-03-01T12:01:02.345Z",
    "last_seen_at": "2026-03-01T12:11:02.345Z",
    "fingerprint": "1f56cb8f931d1bd4",
    "integration": "alertmanager",
    "service": "checkout",
    "monitoring_tool": "Prometheus",
    "hosts": ["web-1:9090"],
    "environment": "production",
    "labels": {"alertname": "CheckoutSlow", "service": "checkout", "severity": "high"},
    "annotations": {"summary": "Checkout is slow"},
    "links": [Link("runbook", "https://runbooks.example.com/checkout")],
    "query": "checkout:latency:p95 > 2",
    "incident": 2,
    "previous": None,
    "assignees": ["ada"],
    "suppressed_by": None,
    "flapping": False,
    "still_sent": False,
    "end_reason": None,
}
PROJECT = Project("shop", "Web shop", "responder")
ALERT_IN_LIST = AlertInList(**_ALERT)
ALERT = Alert(**_ALERT, payload=msgspec.Raw(b'{"status": "firing", "labels": {"alertname": "CheckoutSlow"}}'))
ALERT_COUNTS = AlertCounts(triggered=4, acknowledged=1, resolved=120, ignored=2)
INCIDENT = Incident(
    project="shop",
    number=2,
    version=5,
    title="Checkout is slow",
    description="**Start:** 2026-03-01 12:00 UTC",
    severity="high",
    status="acknowledged",
    rule="by service",
    group={"service": "checkout"},
    alerts=Firing(1, 1),
    created_at="2026-03-01T12:01:02.345Z",
    acknowledged_at="2026-03-01T12:03:00.000Z",
    resolved_at=None,
    author="alert-bot",
    assignees=["ada"],
    zoom="https://example.zoom.us/j/123456789",
    links=[],
    confidential=False,
    published=Publication(
        title="Checkout is slow",
        impact="minor",
        components=["checkout"],
        published_at="2026-03-01T12:05:00.000Z",
        updates=[PublicUpdate("2026-03-01T12:05:00.000Z", "investigating", "We are looking into this.")],
        follows=["components"],
    ),
    merged_into=None,
    sla_missed=False,
    end_reason=None,
)
TIMELINE_ENTRY = TimelineEntry("2026-03-01T12:03:00.000Z", "ada", "acknowledged", "Acknowledged", {})
ALERT_TIMELINE_ENTRY = AlertTimelineEntry("2026-03-01T12:01:02.345Z", "alert-bot", "alert_joined", "alert #7 joined", {}, 2)
SILENCE = Silence(
    id="4",
    matchers=['service="checkout"', 'severity!="critical"'],
    starts_at="2026-03-01T12:00:00.000Z",
    ends_at="2026-03-01T14:00:00.000Z",
    comment="Deploying the new checkout",
    created_by="ada",
    state="active",
    muted_7d=12,
)
MUTED_COUNT = MutedCount(12)
