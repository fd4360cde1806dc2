"""What the example shop's monitoring sends: Alertmanager's webhook bodies and those of an outside uptime check.

Pure: times are passed in. Not here: sending them (`doors.py`), what must come of them (`story.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Body = dict[str, Any]
INSTANCES = ("web-1:9100", "web-2:9100", "web-3:9100")
LATENCY_TITLE = "Checkout answers slowly"
NEVER = "0001-01-01T00:00:00Z"
"""What Alertmanager writes as the end of an alert that fires."""


@dataclass(frozen=True, slots=True)
class Check:
    """One uptime check: what it looks at, and how bad it is when that fails."""

    id: str
    title: str
    service: str
    level: str


DATABASE = Check("orders-db-writes", "Orders database does not accept writes", "orders-db", "critical")
BLIPS = (
    Check("search-answers", "Search answers with errors", "search", "medium"),
    Check("catalogue-images", "Product pictures load slowly", "catalogue", "medium"),
    Check("payment-provider", "Card payments take longer than usual", "payments", "high"),
    Check("account-login", "Signing in fails for some customers", "accounts", "high"),
    Check("catalogue-prices", "Prices are out of date", "catalogue", "medium"),
)


def latency(started_at: int, instances: Sequence[str] = INSTANCES, ended_at: int | None = None) -> Body:
    """Build the message of Alertmanager (version 4) about slow answers from some instances; times in milliseconds."""
    status = "firing" if ended_at is None else "resolved"
    labels = {"alertname": "CheckoutLatencyHigh", "service": "checkout", "severity": "high"}
    annotations = {
        "summary": LATENCY_TITLE,
        "description": "The slowest 5 % of requests take longer than 2 s.",
        "runbook_url": "https://runbooks.example.com/checkout-latency",
    }
    return {
        "version": "4",
        "groupKey": '{}:{alertname="CheckoutLatencyHigh"}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "tocsin",
        "groupLabels": {"alertname": labels["alertname"]},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "http://alertmanager.example.com:9093",
        "alerts": [
            {
                "status": status,
                "labels": {**labels, "instance": instance},
                "annotations": annotations,
                "startsAt": iso(started_at),
                "endsAt": NEVER if ended_at is None else iso(ended_at),
                "generatorURL": "http://prometheus.example.com:9090/graph?g0.expr=latency_seconds+%3E+2&g0.tab=1",
            }
            for instance in instances
        ],
    }


def uptime(check: Check, since: int, is_up: bool = False) -> Body:
    """Build the message of the uptime check, in a shape of its own that the configuration maps; time in milliseconds."""
    state = "up" if is_up else "down"
    fields = {"id": check.id, "name": check.title, "service": check.service, "level": check.level, "state": state}
    return {"check": {**fields, "since": iso(since)}, "probe": "frankfurt-2"}


def iso(millis: int) -> str:
    """Write a time as ISO 8601 in UTC, with milliseconds."""
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
