"""Somebody who does all as it should be: small alerts at a steady rate, a list now and then; how long it waits is measured.

Not here: what is asked of its times and its alerts (`judges.py`).
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from schemas.settings import Address
from tests.fuzz.stack import GOOD_PROJECT, GOOD_TOKEN, person_token

PER_SECOND = 20
READ_EVERY = 10
"""Of ten alerts one is followed by a list."""
SENT_OF_EACH = 3
"""So often each alert is sent, which it must have as its count."""
TIMEOUT_SECONDS = 30


@dataclass
class Told:
    """What the client was answered."""

    accepted: Counter[str] = field(default_factory=Counter)
    """How often each alert, by its title, got a 2xx."""
    uncertain: Counter[str] = field(default_factory=Counter)
    """How often it got a 503 or no answer: it may be there."""
    receipts: list[str] = field(default_factory=list)
    seconds: list[tuple[float, float]] = field(default_factory=list)
    """When each request began, on the monotonic clock, and how long it took."""
    refused: list[str] = field(default_factory=list)
    """Answers that a good client may not get."""


class GoodClient(threading.Thread):
    """One connection to each door, kept; requests begin at fixed moments, so that one that waits delays what is counted."""

    def __init__(self, webhook: Address, operator: Address) -> None:
        super().__init__(name="good-client", daemon=True)
        self.stopped = threading.Event()
        self.told = Told()
        self._addresses = {"webhook": webhook, "operator": operator}
        self._connections: dict[str, http.client.HTTPConnection] = {}
        self._sent = 0

    def run(self) -> None:
        due = time.monotonic()
        while not self.stopped.wait(max(0.0, due - time.monotonic())):
            self._post(due)
            if self._sent % READ_EVERY == 0:
                self._read(time.monotonic())
            due = max(due + 1 / PER_SECOND, time.monotonic() - 1)  # does not try to make up for more than a second

    def _post(self, due: float) -> None:
        title = f"good {self._sent // SENT_OF_EACH}"
        self._sent += 1
        body = {"title": title, "fingerprint": title, "service": f"service {self._sent % 5}", "severity": "low"}
        status, answer = self._ask("webhook", "POST", f"/in/{GOOD_PROJECT}/generic", GOOD_TOKEN, body, due)
        if status == 202:
            self.told.accepted[title] += 1
            self.told.receipts.append(json.loads(answer)["receipt"])
            return
        self.told.uncertain[title] += 1
        if status not in (0, 503):
            self.told.refused.append(f"an alert got {status}: {answer[:300]!r}")

    def _read(self, due: float) -> None:
        status, answer = self._ask(
            "operator", "GET", f"/api/v1/projects/{GOOD_PROJECT}/alerts?limit=5", person_token("omar"), None, due
        )
        if status not in (0, 200, 503):  # 503 until the configuration is read
            self.told.refused.append(f"a list got {status}: {answer[:300]!r}")

    def _ask(self, door: str, method: str, path: str, token: str, body: object, due: float) -> tuple[int, bytes]:
        """Give the status, 0 when the connection broke, and the body."""
        address = self._addresses[door]
        connection = self._connections.setdefault(
            door, http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_SECONDS)
        )
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0, b""
        finally:
            self.told.seconds.append((due, time.monotonic() - due))
