"""One whole tocsin for the end-to-end tests: with a fake Slack, a project of its own, and those of all vectors."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.e2e.servers import running_fake_slack
from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until

VECTORS = Path(__file__).parents[1] / "contract" / "vectors"
COMPLAINT = re.compile(r"warning|error|critical|Traceback|exit code|was ended by|rejected", re.IGNORECASE)
TOKEN = "token-of-the-e2e-tests"
CHANNEL = "C0E2E00001"
PROJECT = {
    "title": "End to end",
    "integrations": {
        "alertmanager": {"format": "alertmanager", "tokens": ["sha256:" + hashlib.sha256(TOKEN.encode()).hexdigest()]},
    },
    "incidents": [{"name": "all", "group_by": ["alertname", "service"], "publish": "auto"}],
    "notify": [{"receivers": ["e2e-oncall"]}],
}
PAGE = {
    "title": "End to end status",
    "url": "http://127.0.0.1",
    "components": [
        {"id": "billing", "name": "Billing", "project": "e2e", "match": ['service="billing"']},
        {"id": "downloads", "name": "Downloads", "project": "e2e", "match": ['service="downloads"']},
    ],
}


@dataclass(frozen=True)
class Live:
    """A running tocsin, as seen from outside."""

    stack: RunningStack
    slack: str

    @property
    def webhook(self) -> str:
        return f"http://{self.stack.settings.webhook_listen}"

    @property
    def operator(self) -> str:
        return f"http://{self.stack.settings.operator_listen}"

    @property
    def page(self) -> str:
        return f"http://{self.stack.settings.statuspage_listen}"

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Ask PostgreSQL."""
        with psycopg.connect(self.stack.settings.database_url, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()

    def summary(self) -> Any:
        """Read the status page's summary."""
        return httpx.get(f"{self.page}/api/v2/summary.json", trust_env=False).raise_for_status().json()

    def problems(self) -> str:
        """Give what the processes have complained of, to be told with a failure."""
        lines = [line for line in self.stack.output().splitlines() if COMPLAINT.search(line)]
        return "\ncomplaints of the processes:\n" + "\n".join(lines[-40:])

    def accepts(self) -> bool:
        """Say whether the webhook knows the configuration and reaches Kafka."""
        body = {"version": "4", "alerts": []}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.post(f"{self.webhook}/in/e2e/alertmanager", json=body, headers=headers, trust_env=False).status_code == 202

    def is_published(self) -> bool:
        """Say whether the status page is there."""
        return httpx.get(f"{self.page}/api/v2/summary.json", trust_env=False).is_success


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    """`tocsin up` with every process, ready for alerts; shared by the whole run."""
    with scratch_directory() as directory, running_fake_slack(directory) as slack:
        file = directory / "tocsin.yaml"
        file.write_text(json.dumps(_configuration()))
        with RunningStack(directory, config=file, environment={"TOCSIN_SLACK_API_URL": f"{slack}/api/"}) as stack:
            found = Live(stack, slack)
            wait_until(found.accepts, f"the webhook accepts; output:\n{stack.output()[-4000:]}")
            wait_until(found.is_published, f"the status page is there; output:\n{stack.output()[-4000:]}")
            yield found


def _configuration() -> dict[str, Any]:
    files = sorted(str(file) for file in VECTORS.glob("*.json"))
    done = subprocess.run([sys.executable, VECTORS / "run.py", "config", *files], capture_output=True, text=True, check=True)
    configuration: dict[str, Any] = json.loads(done.stdout)
    configuration["projects"]["e2e"] = PROJECT
    return configuration | {"receivers": {"e2e-oncall": {"slack": {"channel": CHANNEL, "project": "e2e"}}}, "status_page": PAGE}
