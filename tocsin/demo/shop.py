"""What the example shop's monitoring sends: Alertmanager's webhook bodies and those of an outside uptime check.

Pure: times are passed in. Not here: sending them (`doors.py`), what must come of them (`story.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

Body = dict[str, Any]
INSTANCES = ("web-1:9100", "web-2:9100", "web-3:9100")
NEVER = "0001-01-01T00:00:00Z"
"""What Alertmanager writes as the end of an alert that fires."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the shop's alerting rules in Prometheus."""

    name: str
    title: str
    description: str
    service: str
    severity: str
    query: str


LATENCY_TITLE = "Checkout answers slowly"
LATENCY = Rule(
    "CheckoutLatencyHigh",
    LATENCY_TITLE,
    "The slowest 5 % of requests take longer than 2 s.",
    "checkout",
    "high",
    "latency_seconds > 2",
)
STALE_SEARCH = Rule(
    "SearchIndexOld",
    "Search answers from an old index",
    "The index was written over 10 minutes ago.",
    "search",
    "high",
    "time() - index_written_seconds > 600",
)
CLUSTER_DOWN = Rule(
    "ClusterDown", "Cluster b is down", "Its API server answers nobody.", "platform", "critical", 'up{job="apiserver"} == 0'
)
CART_DOWN = Rule("PodsMissing", "The shopping cart has no pods", "None of 3 pods is ready.", "cart", "high", "pods_ready == 0")
CLUSTER_B = {"cluster": "b"}


@dataclass(frozen=True, slots=True)
class Check:
    """One uptime check: what it looks at, how bad it is when that fails, and what the status page then says."""

    id: str
    title: str
    service: str
    level: str
    public_title: str


DATABASE = Check("orders-db-writes", "Orders database does not accept writes", "orders-db", "critical", "Orders: down")
BLIPS = (
    Check("search-answers", "Search answers with errors", "search", "medium", "Search: degraded"),
    Check("catalogue-images", "Product pictures load slowly", "catalogue", "medium", "Catalogue: degraded"),
    Check("payment-provider", "Card payments take longer than usual", "payments", "high", "Payments: partly down"),
    Check("account-login", "Signing in fails for some customers", "accounts", "high", "Accounts: partly down"),
)


def latency(started_at: int, instances: Sequence[str] = INSTANCES, ended_at: int | None = None) -> Body:
    """Build the message about slow answers from some instances; times in milliseconds."""
    return message([(LATENCY, {"instance": instance}) for instance in instances], started_at, ended_at)


def message(firing: Sequence[tuple[Rule, dict[str, str]]], started_at: int, ended_at: int | None = None) -> Body:
    """Build the message of Alertmanager (version 4) about some rules, each with labels of its own; times in milliseconds."""
    alerts = [_element(rule, labels, started_at, ended_at) for rule, labels in firing]
    names = sorted({rule.name for rule, _ in firing})
    return {
        "version": "4",
        "groupKey": f"{{}}:{{alertname=~{'|'.join(names)}}}",
        "truncatedAlerts": 0,
        "status": alerts[0]["status"],
        "receiver": "tocsin",
        "groupLabels": {},
        "commonLabels": _common([alert["labels"] for alert in alerts]),
        "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
        "externalURL": "http://alertmanager.example.com:9093",
        "alerts": alerts,
    }


def _element(rule: Rule, labels: dict[str, str], started_at: int, ended_at: int | None) -> Body:
    annotations = {"summary": rule.title, "description": rule.description}
    return {
        "status": "firing" if ended_at is None else "resolved",
        "labels": {"alertname": rule.name, "service": rule.service, "severity": rule.severity, **labels},
        "annotations": {**annotations, "runbook_url": f"https://runbooks.example.com/{rule.name}"},
        "startsAt": iso(started_at),
        "endsAt": NEVER if ended_at is None else iso(ended_at),
        "generatorURL": f"http://prometheus.example.com:9090/graph?g0.expr={quote_plus(rule.query)}&g0.tab=1",
    }


def _common(parts: Sequence[dict[str, str]]) -> dict[str, str]:
    return {name: value for name, value in parts[0].items() if all(part.get(name) == value for part in parts)}


def uptime(check: Check, since: int, is_up: bool = False) -> Body:
    """Build the message of the uptime check, in a shape of its own that the configuration maps; time in milliseconds."""
    state = "up" if is_up else "down"
    fields = {"id": check.id, "name": check.title, "service": check.service, "level": check.level, "state": state}
    return {"check": {**fields, "since": iso(since)}, "probe": "frankfurt-2"}


def iso(millis: int) -> str:
    """Write a time as ISO 8601 in UTC, with milliseconds."""
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
