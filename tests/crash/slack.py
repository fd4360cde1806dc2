"""The fake Slack as a process that nobody kills, and what it saw."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import wait_until

TOKEN = "xoxb-crash"


@dataclass(frozen=True)
class FakeSlack:
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What leads the Slack sink here."""
        return {"TOCSIN_SLACK_API_URL": f"http://127.0.0.1:{self.port}/api/", "TOCSIN_SLACK_TOKEN": TOKEN}

    def ask(self, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def call_count(self) -> int:
        return len(self.ask("/_calls"))

    def opened(self) -> Counter[tuple[str, int]]:
        """Count the messages of its own that each incident has, or the digests where it has none; of no incident: project `?`."""
        roots = [message for message in self.ask("/_messages") if "thread_ts" not in message]
        digests = [message for message in roots if _delivery_id(message).startswith("digest/")]
        own = Counter(_incident_of(message) for message in roots if message not in digests)
        named = Counter(incident for message in digests for incident in _named_in(message))
        return own + Counter({incident: count for incident, count in named.items() if incident not in own})

    def repeated_replies(self) -> list[str]:
        """Give the delivery ids that more than one message has."""
        ids = Counter(_delivery_id(message) for message in self.ask("/_messages"))
        return [name for name, count in ids.items() if count > 1]

    def refused_calls(self) -> list[str]:
        """Give the results of calls that Slack would have refused."""
        results = Counter(call["result"] for call in self.ask("/_calls") if call["result"] not in ("ok", "ratelimited"))
        return [f"{count} x {result}" for result, count in results.items()]


def _delivery_id(message: dict[str, Any]) -> str:
    return str(message.get("metadata", {}).get("event_payload", {}).get("delivery_id", "none"))


def _named_in(digest: dict[str, Any]) -> set[tuple[str, int]]:
    """Give the incidents that a digest names in the texts of its links."""
    return {(project, int(number)) for project, number in re.findall(r"\|(\S+) #(\d+)", json.dumps(digest["blocks"]))}


def _incident_of(message: dict[str, Any]) -> tuple[str, int]:
    parts = _delivery_id(message).split("/")
    return (parts[0], int(parts[1])) if len(parts) == 4 else ("?", 0)


@contextmanager
def running(file: Path, log: Path) -> Iterator[FakeSlack]:
    """Run it on a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        fake = FakeSlack(probe.getsockname()[1])
    command = [sys.executable, "-m", "tocsin.embedded.fake_slack", "--listen", f"127.0.0.1:{fake.port}", "--file", str(file)]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, env={**os.environ, "TOCSIN_SLACK_TOKEN": TOKEN}, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        wait_until(lambda: _answers(fake), "the fake Slack answers", 20)
        yield fake
    finally:
        process.terminate()
        process.wait(10)


def _answers(fake: FakeSlack) -> bool:
    try:
        return fake.call_count() == 0
    except OSError:
        return False
