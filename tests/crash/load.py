"""Senders that post without rest, and write down what they were told."""

from __future__ import annotations

import http.client
import json
import random
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from schemas.settings import Address

PROJECTS = tuple(f"crash-{number}" for number in range(8))
LARGE = "crash-large"
"""Its alerts come by the thousand, into one incident at a time."""
ALL_PROJECTS = (*PROJECTS, LARGE)
TOKEN = "a token of the crash campaign"
PERSON = "ada"
ALERTS_OF_A_SERVICE = 40
RETRY_SECONDS = 0.2


def configuration() -> dict[str, Any]:
    """Give the configuration that the campaign runs on (JSON is YAML); each project tells a channel of its own."""
    tokens = ["sha256:" + sha256(TOKEN.encode()).hexdigest()]
    rule = {"group_by": ["service"], "resolve_after": "3s", "reopen_within": "1h", "publish": "auto"}
    return {
        "projects": {
            project: {
                "title": project,
                "integrations": {
                    "generic": {"format": "generic", "tokens": tokens},
                    "alertmanager": {"format": "alertmanager", "tokens": tokens, "resolve_after": "10s"},
                },
                "members": {PERSON: "responder"},
                "incidents": [{"name": "all", "resolve": "never"} if project == LARGE else {"name": "by service", **rule}],
                "notify": [{"receivers": [f"{project}-oncall"]}],
            }
            for project in ALL_PROJECTS
        },
        "people": {PERSON: {"name": "Ada", "tokens": tokens}},
        "receivers": {f"{project}-oncall": {"slack": {"channel": channel_of(project)}} for project in ALL_PROJECTS},
        "status_page": {
            "title": "Crash campaign",
            "url": "https://status.example",
            "components": [
                {"id": f"c-{project}", "name": project, "project": project, "match": ['service="steady"']} for project in PROJECTS
            ],
        },
    }


def channel_of(project: str) -> str:
    return f"C{ALL_PROJECTS.index(project):010d}"


@dataclass
class Told:
    """What senders were told: receipts with their counts, and how many requests got no 2xx."""

    accepted: dict[str, tuple[str, int]] = field(default_factory=dict)
    events: int = 0
    refused: int = 0
    broken: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def accept(self, project: str, receipt: str, count: int) -> None:
        with self.lock:
            self.accepted[receipt] = (project, count)
            self.events += count

    def fail(self, is_answered: bool) -> None:
        with self.lock:
            self.refused += is_answered
            self.broken += not is_answered


class Sender(threading.Thread):
    """One connection; sends the next request when the last was answered, again and again until stopped."""

    def __init__(self, number: int, seed: int, address: Address, told: Told, pause_seconds: float) -> None:
        super().__init__(name=f"sender-{number}", daemon=True)
        self.random = random.Random(f"{seed}/{number}")
        self.address = address
        self.told = told
        self.pause_seconds = pause_seconds
        self.stopped = threading.Event()
        self.era = 0
        """Services come and go: raised by the campaign, so that new incidents open all the time."""

    def run(self) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self.stopped.is_set():
            connection = connection or http.client.HTTPConnection(self.address.host, self.address.port, timeout=10)
            try:
                self._post(connection)
                self.stopped.wait(self.pause_seconds)
            except (OSError, http.client.HTTPException):
                self.told.fail(is_answered=False)
                connection.close()
                connection = None
                self.stopped.wait(RETRY_SECONDS)

    def _post(self, connection: http.client.HTTPConnection) -> None:
        project = self.random.choice(PROJECTS)
        is_alertmanager = self.random.random() < 0.3
        count = self.random.choice((1, 1, 5, 20, 64))
        body = self._alertmanager_body(count) if is_alertmanager else [self._generic() for _ in range(count)]
        path = f"/in/{project}/{'alertmanager' if is_alertmanager else 'generic'}"
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status == 202:
            said = json.loads(text)
            assert said["accepted"] == count, said
            self.told.accept(project, said["receipt"], count)
        else:
            self.told.fail(is_answered=True)
            self.stopped.wait(RETRY_SECONDS)

    def _service(self) -> str:
        return self.random.choice(("steady", f"passing-{self.era}"))

    def _generic(self) -> dict[str, Any]:
        service = self._service()
        name = f"{service} {self.random.randrange(ALERTS_OF_A_SERVICE)}"
        event: dict[str, Any] = {"title": name, "fingerprint": name, "service": service}
        event["severity"] = self.random.choice(("critical", "high", "medium", "low"))
        event["description"] = self.random.choice(("slow", "slower", "down"))
        if self.random.random() < 0.3:
            event["status"] = "resolved"
        return event

    def _alertmanager_body(self, count: int) -> dict[str, Any]:
        return {"version": "4", "status": "firing", "alerts": [self._element() for _ in range(count)]}

    def _element(self) -> dict[str, Any]:
        labels = {"alertname": f"A{self.random.randrange(ALERTS_OF_A_SERVICE)}", "service": self._service(), "severity": "page"}
        is_over = self.random.random() < 0.3
        return {
            "status": "resolved" if is_over else "firing",
            "labels": labels,
            "annotations": {"summary": f"{labels['alertname']} of {labels['service']}"},
            "startsAt": "2026-01-02T03:04:05Z",
            "endsAt": "2026-01-02T04:00:00Z" if is_over else "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example/graph?g0.expr=up",
        }
