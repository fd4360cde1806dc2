"""One generator for everything that is measured: requests over several connections, as fast as they are answered."""

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
KNOWN_ALERTS = 1000
CONNECTIONS = 16


def configuration(projects: int) -> dict[str, Any]:
    """Give a configuration of so many alike projects, with one incident for each service."""
    tokens = ["sha256:" + sha256(TOKEN.encode()).hexdigest()]
    project = {
        "integrations": {"alertmanager": {"format": "alertmanager", "tokens": tokens}},
        "incidents": [{"name": "by service", "match": ['severity=~"critical|high"'], "group_by": ["service"]}],
    }
    return {"projects": {f"bench-{number}": project for number in range(projects)}}


def element(number: int, ends_at: str = "0001-01-01T00:00:00Z") -> str:
    """Write one Alertmanager element of about 600 bytes; the number tells conditions apart."""
    return json.dumps(
        {
            "status": "firing",
            "labels": {
                "alertname": "HighLatency", "instance": f"host-{number}:9100", "job": "node", "service": f"service-{number % 20}",
                "severity": "page", "cluster": "eu-1", "team": "web",
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
    """

    per_request: int
    repeats_of_ten: int
    projects: int = 1
    path: str = "/in/{project}/alertmanager"
    is_array: bool = False
    sent: int = 0
    answered: int = 0
    refused: int = 0
    _fresh: Iterator[int] = field(default_factory=lambda: itertools.count(1_000_000 + time.monotonic_ns() % 10**9))
    ends_at: str = "0001-01-01T00:00:00Z"
    _known: list[str] = field(default_factory=list)
    _turn: Iterator[int] = field(default_factory=itertools.count)

    def request(self) -> bytes:
        """Write the next request, headers and all."""
        turn = next(self._turn)
        alerts = [self._alert(turn * self.per_request + place) for place in range(self.per_request)]
        array = "[" + ",".join(alerts) + "]"
        body = (array if self.is_array else '{"version":"4","alerts":' + array + "}").encode()
        path = self.path.format(project=f"bench-{turn % self.projects}")
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _alert(self, place: int) -> str:
        if place % 10 >= self.repeats_of_ten:
            return element(next(self._fresh), self.ends_at)
        if not self._known:
            self._known += [element(number, self.ends_at) for number in range(KNOWN_ALERTS)]
        return self._known[place % KNOWN_ALERTS]


async def run(load: Load, address: Address, seconds: float) -> float:
    """Send for so long over all connections; gives how long it took until the last answer."""
    started = time.monotonic()
    await asyncio.gather(*(_connection(load, address, started + seconds) for _ in range(CONNECTIONS)))
    return time.monotonic() - started


async def _connection(load: Load, address: Address, deadline: float) -> None:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    while time.monotonic() < deadline:
        writer.write(load.request())
        load.sent += load.per_request
        if await read_status(reader) in (200, 202):
            load.answered += load.per_request
        else:
            load.refused += load.per_request
    writer.close()


async def read_status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = head.lower().split(b"content-length:")
    if len(lengths) > 1:
        await reader.readexactly(int(lengths[1].split(b"\r\n")[0]))
    return int(head.split(b" ", 2)[1])
