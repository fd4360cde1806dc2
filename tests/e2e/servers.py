"""A real Alertmanager and a fake Slack as processes, for the tests that need them.

Not here: `tocsin up` (`tests/running.py`), a real Prometheus (`tocsin/embedded/prometheus.py`).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import yaml

from tests.servers import wait_until
from tocsin.embedded import launch, ports
from tocsin.embedded.launch import Child

READY_SECONDS = 30


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager that sends all it has to one webhook."""

    url: str

    def send(
        self, labels: dict[str, str], annotations: dict[str, str], started_at: datetime, ended_at: datetime | None = None
    ) -> None:
        """Post one alert as Prometheus does."""
        alert = {"labels": labels, "annotations": annotations, "startsAt": started_at.isoformat()}
        if ended_at is not None:
            alert["endsAt"] = ended_at.isoformat()
        httpx.post(f"{self.url}/api/v2/alerts", json=[alert], trust_env=False).raise_for_status()


@contextmanager
def running_alertmanager(directory: Path, webhook: str, token: str) -> Iterator[Alertmanager]:
    """Run Debian's Alertmanager with a receiver that is the webhook, with bearer credentials."""
    binary = shutil.which("prometheus-alertmanager")
    assert binary, "Debian's prometheus-alertmanager is not installed: make setup does that as root"
    receiver = {"url": webhook, "send_resolved": True, "http_config": {"authorization": {"type": "Bearer", "credentials": token}}}
    route = {"receiver": "tocsin", "group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
    file = directory / "alertmanager.yml"
    file.write_text(yaml.safe_dump({"route": route, "receivers": [{"name": "tocsin", "webhook_configs": [receiver]}]}))
    address = f"127.0.0.1:{ports.any_free()}"
    storage = directory / "alerts"
    arguments = (
        f"--config.file={file}",
        f"--storage.path={storage}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    )
    with _running(Child("alertmanager", (binary, *arguments), os.environ), directory / "alertmanager.log"):
        wait_until(lambda: answers(f"http://{address}/-/ready"), "Alertmanager is ready", READY_SECONDS)
        yield Alertmanager(f"http://{address}")


@contextmanager
def running_fake_slack(directory: Path) -> Iterator[str]:
    """Run the fake Slack; give its address."""
    port = ports.any_free()
    child = Child("fake-slack", (sys.executable, "-m", "tocsin.embedded.fake_slack", "--listen", f"127.0.0.1:{port}"), os.environ)
    with _running(child, directory / "fake-slack.log"):
        wait_until(lambda: ports.is_answering(port), "the fake Slack accepts connections", READY_SECONDS)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(child: Child, log: Path) -> Iterator[None]:
    process = launch.start(child, log)
    try:
        yield
    finally:
        launch.stop(process, child, 10)


def answers(url: str) -> bool:
    """Say whether a URL answers with success."""
    try:
        return httpx.get(url, trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False


def now() -> datetime:
    """Give the machine's time, with its zone."""
    return datetime.now(UTC)
