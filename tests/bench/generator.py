"""One generator for everything that is measured: requests over several connections, as fast as they are answered.

Not here: what is measured (`loads.py`, `latency.py`, `accepting.py`).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from schemas.settings import Address

TOKEN = "a token of the benchmark"
NO_RATES = {"TOCSIN_MAX_ALERTS_PER_MINUTE": "1000000000", "TOCSIN_MAX_BYTES_PER_MINUTE": "1000000000000"}
"""One integration sends here as much as hundreds do elsewhere."""
KNOWN_ALERTS = 1000
LEAST_KNOWN = 64
"""Of one project, so that a large request repeats different alerts."""
CONNECTIONS = 16
CHANNELS = 400
"""Slack takes one message a second and channel, and eleven openings a minute become a digest: this many take 50 a second."""
NO_END = "0001-01-01T00:00:00Z"


def configuration(projects: int) -> dict[str, Any]:
    """Give a configuration of so many alike projects, with one incident for each service; nobody is told."""
    return {"projects": {f"bench-{number}": _project() for number in range(projects)}}


def telling_configuration() -> dict[str, Any]:
    """Give one project that tells a channel of its own for each of the label `channel`."""
    names = [f"channel-{number}" for number in range(CHANNELS)]
    routes = [{"match": [f'channel="{name}"'], "receivers": [name]} for name in names]
    return {
        "projects": {"bench-0": _project() | {"notify": routes}},
        "receivers": {name: {"slack": {"channel": f"C{number:08}"}} for number, name in enumerate(names)},
    }


def _project() -> dict[str, Any]:
    tokens = ["sha256:" + sha256(TOKEN.encode()).hexdigest()]
    return {
        "integrations": {"alertmanager": {"format": "alertmanager", "tokens": tokens}},
        "incidents": [{"name": "by service", "match": ['severity=~"critical|high"'], "group_by": ["service"]}],
    }


def element(number: int, ends_at: str = NO_END, **labels: str) -> str:
    """Write one Alertmanager element of about 600 bytes; the number tells conditions apart."""
    return json.dumps(
        {
            "status": "firing",
            "labels": {
                "alertname": "HighLatency", "instance": f"host-{number}:9100", "job": "node", "service": f"service-{number % 20}",
                "severity": "page", "cluster": "eu-1", "team": "web", **labels,
            },
            "annotations": {"summary": f"requests on host-{number} take too long", "description": "p99 over 1 s for 5 minutes"},
            "startsAt": "2026-01-02T03:04:05Z", "endsAt": ends_at,
            "generatorURL": "http://prometheus.example/graph?g0.expr=latency+%3E+1&g0.tab=1",
        }
    )  # fmt: skip


@dataclass
class Load:
    """So many alerts a request; of every ten, so many are repeats of known ones.

    `path` with `{project}` in it; `is_array`: as Prometheus sends to an Alertmanager, else as Alertmanager's webhook.
    `last_receipts` are those of each connection's last request to each project: when these are in the rows, all is.
    """

    per_request: int
    repeats_of_ten: int
    projects: int = 1
    path: str = "/in/{project}/alertmanager"
    is_array: bool = False
    ends_at: str = NO_END
    sent: int = 0
    answered: int = 0
    refused: int = 0
    last_receipts: dict[tuple[int, int], str] = field(default_factory=dict)
    _fresh: Iterator[int] = field(default_factory=lambda: itertools.count(1_000_000 + time.monotonic_ns() % 10**9))
    _known: list[str] = field(default_factory=list)
    _turn: Iterator[int] = field(default_factory=itertools.count)

    @property
    def name(self) -> str:
        kind = f"{self.repeats_of_ten * 10} % repeats" if self.repeats_of_ten else "all new"
        return f"{self.per_request} a request, {kind}, {self.projects} projects"

    @property
    def known_count(self) -> int:
        """How many conditions a project repeats."""
        return max(LEAST_KNOWN, KNOWN_ALERTS // self.projects)

    def next_request(self) -> tuple[int, bytes]:
        """Give the project's number and the request, headers and all."""
        turn = next(self._turn)
        alerts = [self._alert(turn // self.projects * self.per_request + place) for place in range(self.per_request)]
        return turn % self.projects, self.render(turn % self.projects, alerts)

    def render(self, project: int, alerts: list[str]) -> bytes:
        array = "[" + ",".join(alerts) + "]"
        body = (array if self.is_array else '{"version":"4","alerts":' + array + "}").encode()
        path = self.path.format(project=f"bench-{project}")
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _alert(self, place: int) -> str:
        if place % 10 >= self.repeats_of_ten:
            return element(next(self._fresh), self.ends_at)
        if not self._known:
            self._known += [element(number, self.ends_at) for number in range(self.known_count)]
        return self._known[place % self.known_count]

    def note(self, connection: int, project: int, status: int, body: bytes) -> None:
        """Take note of an answer."""
        if status not in (200, 202):
            self.refused += self.per_request
            return
        self.answered += self.per_request
        if body:
            self.last_receipts[connection, project] = receipt_in(body)


async def run(load: Load, address: Address, seconds: float) -> float:
    """Send for so long over all connections; gives how long it took until the last answer."""
    started = time.monotonic()
    await asyncio.gather(*(_connection(load, number, address, started + seconds) for number in range(CONNECTIONS)))
    return time.monotonic() - started


async def _connection(load: Load, number: int, address: Address, deadline: float) -> None:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    while time.monotonic() < deadline:
        project, request = load.next_request()
        writer.write(request)
        load.sent += load.per_request
        load.note(number, project, *await read_answer(reader))
    writer.close()


async def warm_up(load: Load, address: Address) -> None:
    """Send what the load will repeat once, so that from its first request on repeats are repeats."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    for project in range(load.projects if load.repeats_of_ten else 0):
        writer.write(load.render(project, [element(number, load.ends_at) for number in range(load.known_count)]))
        load.note(-1, project, *await read_answer(reader))
    writer.close()
    load.answered = load.refused = 0


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer: its status and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = head.lower().split(b"content-length:")
    body = await reader.readexactly(int(lengths[1].split(b"\r\n")[0])) if len(lengths) > 1 else b""
    return int(head.split(b" ", 2)[1]), body


def receipt_in(body: bytes) -> str:
    """Read the receipt out of an answer; the empty text where there is none."""
    return body.partition(b'"receipt":"')[2].partition(b'"')[0].decode()
