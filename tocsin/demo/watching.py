"""The demo's Prometheus: it watches tocsin itself, and one rule of its own fires while the repeats storm in.

It takes tocsin for its Alertmanager. Not here: how a Prometheus is run (`tocsin/embedded/prometheus.py`).
"""

from __future__ import annotations

from pathlib import Path

import httpx

from schemas.settings import Settings
from schemas.telemetry import PROCESSES
from tocsin.embedded import ports
from tocsin.embedded.prometheus import Watch

PROJECT = "platform"
INTEGRATION = "prometheus"
TITLE = "The webhook takes many alerts"
TAKEN = "sum(tocsin_webhook_events_total)"
RULE = {
    "alert": "ManyAlerts",
    "expr": "sum(increase(tocsin_webhook_events_total[10s])) > 200",
    "labels": {"severity": "warning", "service": "webhook"},
    "annotations": {"summary": TITLE, "description": "Over 200 alert events in 10 s."},
}
"""True during the storm of repeats and for some seconds after; the rest of the story sends one alert a second at most."""


def free_ports_base() -> int:
    """Find a first metrics port with a free one for each process."""
    while True:
        base = ports.any_free()
        if all(ports.is_free(base + place) for place in range(len(PROCESSES))):
            return base


def watch_of(settings: Settings, token: str) -> Watch:
    """Say what it watches, and where it sends what it finds."""
    port = settings.metrics_port_base + PROCESSES.index("webhook")
    return Watch(f"http://{settings.webhook_listen}/in/{PROJECT}/{INTEGRATION}", token, [RULE], [port])


def directory_of(settings: Settings) -> Path:
    """Make a directory for its data beside the rest of the demo's."""
    directory = settings.data / "prometheus"
    directory.mkdir(mode=0o700)
    return directory


def sees_webhook(prometheus: str) -> bool:
    """Say whether it has read the webhook's counts once: how many are new shows only from the second time on."""
    try:
        answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": TAKEN}, trust_env=False, timeout=5)
        return bool(answer.raise_for_status().json()["data"]["result"])
    except httpx.HTTPError:
        return False
