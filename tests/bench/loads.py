"""As many alerts as go through a running stack: acknowledged a second, in the rows a second, CPU and memory by process.

Not here: latency at a modest rate (`latency.py`).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Collection

import psycopg

from tests.bench.figures import Figures
from tests.bench.generator import NO_RATES, Load, configuration, run, warm_up
from tests.bench.processes import cpu_seconds, peak_megabytes
from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until

PER_REQUEST, REPEATS_OF_TEN, PROJECTS = (64, 10, 1), (9, 0), (1, 200)
DRAIN_SECONDS = 120


def measure(seconds: float) -> Figures:
    """Send each load for so long, one after the other through one stack."""
    figures: Figures = {}
    with scratch_directory() as data:
        config = data / "bench.yaml"
        config.write_text(json.dumps(configuration(max(PROJECTS))))
        with RunningStack(data, config=config, environment=NO_RATES) as stack:
            for projects, per_request, repeats in itertools.product(PROJECTS, PER_REQUEST, REPEATS_OF_TEN):
                load = Load(per_request, repeats, projects)
                figures |= {f"{load.name}/{name}": value for name, value in measure_load(stack, load, seconds).items()}
            figures |= {f"peak memory/{name} MB": float(value) for name, value in peak_megabytes(stack).items()}
    return figures


def measure_load(stack: RunningStack, load: Load, seconds: float) -> Figures:
    """Measure one load, from its first request until all that was acknowledged is in the rows."""
    with psycopg.connect(stack.settings.database_url, autocommit=True) as database:
        asyncio.run(warm_up(load, stack.settings.webhook_listen))
        _wait_for_rows(database, load.last_receipts.values())
        before, started = cpu_seconds(stack), time.monotonic()
        sending = asyncio.run(run(load, stack.settings.webhook_listen, seconds))
        _wait_for_rows(database, load.last_receipts.values())
        whole = time.monotonic() - started
    assert load.refused == 0 < load.answered, f"{load.refused} refused, {load.answered} accepted"
    cpu = {f"{name} us": (used - before.get(name, 0.0)) / load.answered * 1e6 for name, used in cpu_seconds(stack).items()}
    return {"acknowledged /s": load.answered / sending, "to the row /s": load.answered / whole, **cpu}


def _wait_for_rows(database: psycopg.Connection, receipts: Collection[str]) -> None:
    missing = set(receipts)

    def is_there() -> bool:
        query = "SELECT receipt FROM tocsin.outcomes WHERE receipt = ANY(%s)"
        missing.difference_update(row[0] for row in database.execute(query, [list(missing)]))
        return not missing

    wait_until(is_there, "all that was acknowledged is in the rows", DRAIN_SECONDS)
