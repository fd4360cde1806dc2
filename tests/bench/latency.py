"""How long one alert takes at a modest rate: from POST to its committed row, and to Slack's being called.

Each probe is a new alert that opens an incident of its own in a channel of its own; the fake Slack notes when it is
called, by the same machine's clock. Not here: how many go through (`loads.py`).
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg

from schemas.settings import Address
from tests.bench.figures import Figures
from tests.bench.generator import CHANNELS, Load, element, read_answer, receipt_in, telling_configuration
from tests.e2e.servers import running_fake_slack
from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until

PER_SECOND = 50
WARM_UP = 100
WATCH_SECONDS = 0.002


@dataclass
class Probes:
    """When each probe was sent, and when its row was seen; seconds since 1970, by the probe's number."""

    sent: dict[int, float] = field(default_factory=dict)
    rows: dict[int, float] = field(default_factory=dict)
    receipts: dict[str, int] = field(default_factory=dict)
    is_all_sent: bool = False


def measure(seconds: float) -> Figures:
    """Probe for so long, after a warm-up."""
    with scratch_directory() as data, running_fake_slack(data) as slack:
        config = data / "bench.yaml"
        config.write_text(json.dumps(telling_configuration()))
        with RunningStack(data, config=config, environment={"TOCSIN_SLACK_API_URL": f"{slack}/api/"}) as stack:
            settings = stack.settings
            probes = asyncio.run(_probe(settings.webhook_listen, settings.database_url, WARM_UP + round(seconds * PER_SECOND)))
            wait_until(lambda: len(_calls(slack)) >= len(probes.sent), "Slack was told of each probe", 120)
            calls = _calls(slack)
    return {
        **_cuts("POST to row", [at - probes.sent[number] for number, at in probes.rows.items() if number >= WARM_UP]),
        **_cuts("POST to Slack call", [at - probes.sent[number] for number, at in calls.items() if number >= WARM_UP]),
    }


def _cuts(name: str, took: Iterable[float]) -> Figures:
    cuts = statistics.quantiles((seconds * 1000 for seconds in took), n=100)
    return {f"{name}, {PER_SECOND} a second/{cut} ms": cuts[place] for cut, place in (("p50", 49), ("p95", 94), ("p99", 98))}


def _calls(slack: str) -> dict[int, float]:
    """Give when Slack was first called about each probe, which is named in the message."""
    calls: list[dict[str, Any]] = httpx.get(f"{slack}/_calls", trust_env=False).raise_for_status().json()
    found: dict[int, float] = {}
    for call in calls:
        number = str(call["arguments"].get("text", "")).partition("host-")[2].partition(" ")[0]
        if call["method"] == "chat.postMessage" and number and "thread_ts" not in call["arguments"]:
            found.setdefault(int(number), call["at"])
    return found


async def _probe(address: Address, database_url: str, count: int) -> Probes:
    probes = Probes()
    watching = asyncio.create_task(_watch(database_url, probes))
    reader, writer = await asyncio.open_connection(address.host, address.port)
    load, next_at = Load(1, 0), time.monotonic()
    for number in range(count):
        probes.sent[number] = time.time()
        writer.write(load.render(0, [element(number, service=f"service-{number}", channel=f"channel-{number % CHANNELS}")]))
        _, body = await read_answer(reader)
        probes.receipts[receipt_in(body)] = number
        next_at += 1 / PER_SECOND
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))
    writer.close()
    probes.is_all_sent = True
    await asyncio.wait_for(watching, 60)
    return probes


async def _watch(database_url: str, probes: Probes) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as database:
        while probes.receipts or not probes.is_all_sent:
            query = "SELECT receipt FROM tocsin.outcomes WHERE receipt = ANY(%s)"
            cursor = await database.execute(query, [list(probes.receipts)])
            found = [row[0] for row in await cursor.fetchall()]
            now = time.time()
            probes.rows |= {probes.receipts.pop(receipt): now for receipt in found}
            await asyncio.sleep(WATCH_SECONDS)
