"""Measures a running stack: alerts a second, latencies, CPU for each process; `--json FILE` keeps the figures."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from schemas.settings import Address
from tests.bench.generator import CONNECTIONS, Load, configuration, run
from tests.bench.processes import cpu_seconds, peak_megabytes
from tests.e2e.servers import running_alertmanager
from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until

LOADS = ((64, 9, 1), (64, 0, 1), (64, 9, 200), (10, 9, 1), (1, 9, 1), (1, 0, 1))
"""Alerts a request, repeats of ten, projects."""
PROBES_PER_SECOND = 50
TAKEN = "SELECT coalesce(sum(events), 0) FROM tocsin.alerts"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of sending for each row")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    with scratch_directory() as data:
        config = data / "bench.yaml"
        config.write_text(json.dumps(configuration(max(projects for _, _, projects in LOADS))))
        with RunningStack(data, config=config) as stack:
            figures = measure(stack, options.seconds)
    figures["accepting"] = measure_accepting(options.seconds)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def measure(stack: RunningStack, seconds: float) -> dict[str, Any]:
    print(f"{CONNECTIONS} connections; broker, database and generator share the machine's cores\n")
    print("a request  repeats  projects   acknowledged/s   to the row/s   CPU us an alert by process")
    rows = []
    for per_request, repeats, projects in LOADS:
        row = measure_load(stack, Load(per_request, repeats, projects), seconds)
        rows.append(row)
        cpu = "  ".join(f"{name} {value:.0f}" for name, value in row["cpu_us"].items() if value >= 0.5)
        print(
            f"{per_request:9}  {repeats * 10:6}%  {projects:8}   {row['acknowledged']:14,.0f}   {row['to_row']:12,.0f}   {cpu}",
            flush=True,
        )
    latency = measure_latency(stack)
    cuts = "  ".join(f"{cut} {value:.0f}" for cut, value in latency.items())
    print(f"\nPOST to committed row at {PROBES_PER_SECOND}/s, ms: {cuts}")
    memory = peak_megabytes(stack)
    print("peak memory, MB: " + "  ".join(f"{name} {value}" for name, value in memory.items()))
    return {"loads": rows, "latency_ms": latency, "peak_mb": memory}


def measure_accepting(seconds: float) -> dict[str, dict[str, float]]:
    """Compare accepting alone: webhook and broker, which have it on disk, beside an Alertmanager, which has it in memory."""
    print("\nacknowledged/s, API v2, 90 % repeats     64 a request    1 a request")
    figures: dict[str, dict[str, float]] = {}
    with scratch_directory() as data:
        config = data / "bench.yaml"
        config.write_text(json.dumps(configuration(1)))
        with RunningStack(data, config=config, only=["webhook", "clock"]) as stack:
            path = "/in/{project}/alertmanager/api/v2/alerts"
            figures["webhook and Kafka"] = _accepted(stack.settings.webhook_listen, path, seconds)
    with scratch_directory() as data, running_alertmanager(data, "http://127.0.0.1:9/", "none") as alertmanager:
        figures["Alertmanager"] = _accepted(Address.parse(alertmanager.url.removeprefix("http://")), "/api/v2/alerts", seconds)
    for name, row in figures.items():
        print(f"{name:38}   {row['64']:14,.0f}   {row['1']:12,.0f}")
    return figures


def _accepted(address: Address, path: str, seconds: float) -> dict[str, float]:
    figures = {}
    for per_request in (64, 1):
        load = Load(per_request, 9, path=path, is_array=True, ends_at="2099-01-01T00:00:00Z")
        wait_until(lambda load=load: asyncio.run(run(load, address, 0.2)) and load.answered > 0, "requests are accepted")  # type: ignore[misc]
        load.answered = 0
        took = asyncio.run(run(load, address, seconds))
        figures[str(per_request)] = load.answered / took
    return figures


def measure_load(stack: RunningStack, load: Load, seconds: float) -> dict[str, Any]:
    with psycopg.connect(stack.settings.database_url, autocommit=True) as database:
        before = _taken(database)
        cpu = cpu_seconds(stack)
        started = time.monotonic()
        sending = asyncio.run(run(load, stack.settings.webhook_listen, seconds))
        wait_until(lambda: _taken(database) >= before + load.answered, "all that was acknowledged is in the rows", 300)
        whole = time.monotonic() - started
    used = {name: value - cpu.get(name, 0.0) for name, value in cpu_seconds(stack).items()}
    return {
        "per_request": load.per_request, "repeats_of_ten": load.repeats_of_ten, "projects": load.projects,
        "alerts": load.answered, "refused": load.refused,
        "acknowledged": load.answered / sending, "to_row": load.answered / whole,
        "cpu_us": {name: value / max(1, load.answered) * 1e6 for name, value in used.items()},
    }  # fmt: skip


def _taken(database: psycopg.Connection[Any]) -> int:
    row = database.execute(TAKEN).fetchone()
    assert row is not None
    return int(row[0])


def measure_latency(stack: RunningStack, probes: int = 300) -> dict[str, float]:
    """Send single alerts at a steady rate, and look for the rows of their receipts all the time."""
    return asyncio.run(_probe(stack.settings.webhook_listen, stack.settings.database_url, probes))


async def _probe(address: Address, database_url: str, probes: int) -> dict[str, float]:
    sent: dict[str, float] = {}
    took: list[float] = []
    watching = asyncio.create_task(_watch(database_url, sent, took, probes))
    reader, writer = await asyncio.open_connection(address.host, address.port)
    load, next_at = Load(1, 9), time.monotonic()
    for _ in range(probes):
        at = time.monotonic()
        writer.write(load.request())
        receipt = await _read_receipt(reader)
        sent[receipt] = at
        next_at += 1 / PROBES_PER_SECOND
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))
    writer.close()
    await asyncio.wait_for(watching, 30)
    cuts = statistics.quantiles(took, n=100)
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


async def _read_receipt(reader: asyncio.StreamReader) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    return str(json.loads(await reader.readexactly(length))["receipt"])


async def _watch(database_url: str, sent: dict[str, float], took: list[float], probes: int) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as database:
        while len(took) < probes:
            cursor = await database.execute("SELECT receipt FROM tocsin.outcomes WHERE receipt = ANY(%s)", [list(sent)])
            found = [row[0] for row in await cursor.fetchall()]
            now = time.monotonic()
            took += [(now - sent.pop(receipt)) * 1000 for receipt in found]
            await asyncio.sleep(0.002)


if __name__ == "__main__":
    sys.exit(main())
