"""Example requests for an integration, in the shape that it takes: generic JSON with its own fields, or Alertmanager's.

Not here: how such requests are read (`producers/webhook/formats`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from schemas.configuration import Integration

TITLE = "Checkout is down"
SAMPLES: dict[str, Any] = {
    "title": TITLE,
    "severity": "critical",
    "service": "checkout",
    "description": "Three of three probes failed",
    "monitoring_tool": "probe",
    "hosts": ["web-1", "web-2"],
    "environment": "production",
    "status": "firing",
    "fingerprint": "checkout-down",
    "labels": {"team": "shop"},
    "links": "https://wiki.example.com/checkout",
}
"""A value for each field of ours but the times: an absent start is now, and an end would resolve the alert at once."""
ALWAYS = ("title", "severity", "service")
"""Shown under their standard keys when the integration maps them nowhere."""
MAX_INDEX = 9
"""A path to a later element would fill the example with empty ones."""
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def sample_for(integration: Integration) -> dict[str, Any]:
    """Make a request's body with one firing alert in it."""
    if integration.format == "alertmanager":
        return alertmanager_body({"alertname": "CheckoutDown", "severity": "critical", "service": "checkout"}, TITLE)
    body: dict[str, Any] = {}
    for field, value in SAMPLES.items():
        path = integration.fields.get(field)
        said = _own_words(integration, field).get(value, value) if isinstance(value, str) else value
        if path is not None:
            _place(body, _steps(path), said)
        elif field in ALWAYS:
            body.setdefault(field, said)
    return body


def alertmanager_body(labels: dict[str, str], title: str, *, is_firing: bool = True) -> dict[str, Any]:
    """Make Alertmanager's webhook, version 4, with one alert; every integration takes it, whatever its format."""
    status = "firing" if is_firing else "resolved"
    return {"version": "4", "status": status, "alerts": [{"status": status, "labels": labels, "annotations": {"title": title}}]}


def _own_words(integration: Integration, field: str) -> dict[str, str]:
    """Give the sender's own words for ours, where it has any: the first of each meaning."""
    maps: dict[str, Mapping[str, str]] = {"severity": integration.severity_map, "status": integration.status_map}
    meanings = maps.get(field, {})
    return {ours: word for word, ours in reversed(list(meanings.items()))}


def _steps(path: str) -> list[str | int]:
    return [int(step[1]) if step[1] else step[2] for step in _STEP.finditer(path)]


def _place(body: dict[str, Any], steps: list[str | int], value: Any) -> None:
    """Put a value where a path leads; where another field's value is in the way, that one stays."""
    at: Any = body
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        below: Any = value if following is None else [] if isinstance(following, int) else {}
        if isinstance(step, int) and isinstance(at, list) and step <= MAX_INDEX:
            at += [None] * (step + 1 - len(at))
            at[step] = below if at[step] is None else at[step]
        elif isinstance(step, str) and isinstance(at, dict):
            at.setdefault(step, below)
        else:
            return
        at = at[step]
