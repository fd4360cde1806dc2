"""Accepting alone, beside Debian's Alertmanager fed by the same generator: webhook and broker, which have it on disk,
and Alertmanager, which has it in memory. Not here: the rest of the pipeline (`loads.py`)."""

from __future__ import annotations

import asyncio
import json

from schemas.settings import Address
from tests.bench.figures import Figures
from tests.bench.generator import NO_RATES, Load, configuration, run
from tests.e2e.servers import running_alertmanager
from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until

LOADS = tuple((per_request, repeats) for per_request in (64, 10, 1) for repeats in (9, 0))
"""Alerts a request, repeats of ten."""
FAR_AWAY = "2099-01-01T00:00:00Z"


def measure(seconds: float) -> Figures:
    """Send each load for so long to both, one after the other."""
    figures: Figures = {}
    with scratch_directory() as data:
        config = data / "bench.yaml"
        config.write_text(json.dumps(configuration(1)))
        with RunningStack(data, config=config, only=["webhook", "clock"], environment=NO_RATES) as stack:
            path = "/in/{project}/alertmanager/api/v2/alerts"
            figures |= _accepted("accepting, webhook and Kafka", stack.settings.webhook_listen, path, seconds)
    with scratch_directory() as data, running_alertmanager(data, "http://127.0.0.1:9/", "none") as alertmanager:
        address = Address.parse(alertmanager.url.removeprefix("http://"))
        figures |= _accepted("accepting, Alertmanager", address, "/api/v2/alerts", seconds)
    return figures


def _accepted(name: str, address: Address, path: str, seconds: float) -> Figures:
    figures: Figures = {}
    for per_request, repeats in LOADS:
        load = Load(per_request, repeats, path=path, is_array=True, ends_at=FAR_AWAY)
        wait_until(lambda: _is_accepted(load, address), "requests are accepted")  # noqa: B023 - called at once
        load.answered = 0
        took = asyncio.run(run(load, address, seconds))
        figures[f"{name}, {per_request} a request/{'90 % repeats' if repeats else 'all new'} /s"] = load.answered / took
    return figures


def _is_accepted(load: Load, address: Address) -> bool:
    asyncio.run(run(load, address, 0.2))
    return load.answered > 0
