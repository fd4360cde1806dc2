"""A real Prometheus with a door of tocsin's as its only Alertmanager; for the demo and the end-to-end tests.

Not here: which rules it has, and what must come of them.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from schemas.errors import OperatorError, Unavailable
from tocsin import state
from tocsin.embedded import launch, ports
from tocsin.embedded.launch import Child

READY_SECONDS = 30
STOP_SECONDS = 10
POLL_SECONDS = 0.1
INTERVAL = "1s"
"""Of scraping and of looking at rules: what it watches here lasts for seconds."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What it does: `door` is an integration's address and `token` its own; `scraped` are metrics ports on this machine."""

    door: str
    token: str
    rules: Sequence[dict[str, Any]]
    scraped: Sequence[int] = ()


def find_program() -> str:
    """Find the installed Prometheus; raises `OperatorError` that says how to install it."""
    program = shutil.which("prometheus")
    if program is None:
        raise OperatorError("no Prometheus on this machine; as root: apt-get install --no-install-recommends prometheus")
    return program


@contextmanager
def running(directory: Path, watch: Watch) -> Iterator[str]:
    """Run it with its data and log in the directory; give its address. Raises `OperatorError`, `Unavailable`."""
    address = f"127.0.0.1:{ports.any_free()}"
    arguments = (
        f"--config.file={_configure(directory, watch)}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={address}",
        f"--web.external-url=http://{address}",  # else its links name this machine, where it does not listen
        "--rules.alert.resend-delay=1s",  # what it fires in its first seconds comes before it has found its Alertmanager
    )
    child = Child("prometheus", (find_program(), *arguments), {})
    log = directory / "prometheus.log"
    process = launch.start(child, log)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready(f"http://{address}"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Unavailable(f"Prometheus did not come up; see {log}")
            time.sleep(POLL_SECONDS)
        yield f"http://{address}"
    finally:
        launch.stop(process, child, STOP_SECONDS)


def is_ready(url: str) -> bool:
    """Say whether the Prometheus there is ready."""
    try:
        return httpx.get(f"{url}/-/ready", trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False


def _configure(directory: Path, watch: Watch) -> Path:
    """Write its configuration, which holds the token, where only we read it. (JSON is YAML.)"""
    rules, file = directory / "rules.yml", directory / "prometheus.yml"
    rules.write_text(json.dumps({"groups": [{"name": "tocsin", "rules": list(watch.rules)}]}), "utf-8")
    door = urlsplit(watch.door)
    alertmanager = {
        "scheme": door.scheme,
        "path_prefix": door.path,
        "authorization": {"type": "Bearer", "credentials": watch.token},
        "static_configs": [{"targets": [door.netloc]}],
    }
    targets = [f"127.0.0.1:{port}" for port in watch.scraped]
    configuration = {
        "global": {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL},
        "rule_files": [rules.name],
        "alerting": {"alertmanagers": [alertmanager]},
        "scrape_configs": [{"job_name": "tocsin", "static_configs": [{"targets": targets}]}] if targets else [],
    }
    state.write_private(file, json.dumps(configuration))
    return file
