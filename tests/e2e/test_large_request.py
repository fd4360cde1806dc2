"""A group of 50,000 alerts in one body goes through the whole, and one that is too large becomes an alert that people see."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until

COUNT = 50_000
MAX_RESIDENT_MEBIBYTES = 300
TOKEN = "token-of-the-large-request"
HASH = "sha256:" + hashlib.sha256(TOKEN.encode()).hexdigest()
CONFIGURATION = {
    "people": {"ada": {"name": "Ada", "tokens": [HASH], "admin": True}},
    "projects": {
        "large": {
            "integrations": {"prod": {"format": "alertmanager", "tokens": [HASH], "default_severity": "high"}},
            "incidents": [{"name": "by name", "group_by": ["alertname"]}],
        }
    },
}


class World:
    """A running tocsin, and how to speak with it."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.http = httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=60)
        self.door = f"http://{stack.settings.webhook_listen}"
        self.database = psycopg.connect(stack.settings.database_url, autocommit=True)

    def alerts(self, **asked: str) -> list[dict[str, Any]]:
        answer = self.http.get(f"http://{self.stack.settings.operator_listen}/api/v1/projects/large/alerts", params=asked)
        return list(answer.raise_for_status().json()["items"])

    def outcomes(self, receipt: str) -> set[tuple[int, str]]:
        answer = self.http.get(f"{self.door}/receipts/{receipt}").raise_for_status()
        return {(one["index"], one["outcome"]) for one in answer.json()["alerts"]}

    def count(self) -> int:
        found = self.database.execute("SELECT count(*) FROM tocsin.alerts WHERE status = 'triggered'").fetchone()
        assert found is not None
        return int(found[0])

    def post_too_large(self) -> int:
        """Declare a body of over 32 MiB, as a sender with one would."""
        address = self.stack.settings.webhook_listen
        with contextlib.closing(http.client.HTTPConnection(address.host, address.port, timeout=30)) as connection:
            connection.putrequest("POST", "/in/large/prod")
            connection.putheader("Authorization", f"Bearer {TOKEN}")
            connection.putheader("Content-Length", str(2**25 + 1))
            connection.endheaders()
            return connection.getresponse().status

    def peak_mebibytes(self) -> int:
        """Give the most memory that the webhook has had resident."""
        status = Path(f"/proc/{self.stack.pid_of('webhook')}/status").read_text()
        found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) // 1024

    def close(self) -> None:
        self.http.close()
        self.database.close()


@pytest.fixture
def world() -> Iterator[World]:
    with scratch_directory() as data:
        configuration = Path(data) / "tocsin.yaml"
        configuration.write_text(json.dumps(CONFIGURATION))
        with RunningStack(data, config=configuration) as stack, contextlib.closing(World(stack)) as world:
            yield world


def body() -> bytes:
    """Write a group as Alertmanager does, about 500 bytes for each alert."""
    alerts = [
        {
            "status": "firing",
            "labels": {"alertname": "DiskFull", "instance": f"node-{number}:9100", "job": "node", "severity": "warning"},
            "annotations": {"summary": f"Disk of node-{number} is full", "description": "x" * 150},
            "startsAt": "2026-01-02T03:04:05Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example:9090/graph?g0.expr=node_filesystem_avail_bytes+%3C+1",
        }
        for number in range(COUNT)
    ]
    return json.dumps({"version": "4", "status": "firing", "alerts": alerts}).encode()


def test_50_000_alerts_in_one_body_reach_their_rows_and_what_is_refused_becomes_an_alert(world: World) -> None:
    answer = world.http.post(f"{world.door}/in/large/prod", content=body())
    assert (answer.status_code, answer.json()["accepted"]) == (202, COUNT)
    wait_until(lambda: world.count() == COUNT, "all alerts have rows", 120)
    wait_until(lambda: len(world.outcomes(answer.json()["receipt"])) == COUNT, "the receipt knows each")
    assert world.outcomes(answer.json()["receipt"]) == {(index, "created") for index in range(COUNT)}
    assert world.peak_mebibytes() < MAX_RESIDENT_MEBIBYTES
    assert [world.post_too_large() for _ in range(3)] == [413] * 3
    wait_until(lambda: bool(world.alerts(severity="high")), "Alert Bot tells of it", 30)
    (alert,) = world.alerts(severity="high")
    assert (alert["title"], alert["integration"], alert["status"]) == (
        "3 requests of prod refused: body too large",
        "prod",
        "triggered",
    )
    assert "A body may have 32 MiB" in alert["description"]
    assert alert["incident"] == 2
    print(f"peak {world.peak_mebibytes()} MiB")
