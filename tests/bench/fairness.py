"""How long a good client waits while four senders with valid tokens send the dearest bodies that are accepted or refused.

The good client posts small Alertmanager groups at a modest rate, and counts from when each was due; the senders are a
process of their own. Rates are lifted: they would hide what turns do. Not here: the rest of the pipeline (`latency.py`).
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from schemas.limits import Limits
from schemas.settings import Address
from tests.bench.figures import Figures
from tests.bench.generator import NO_RATES, TOKEN, configuration, element, read_answer
from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until

PER_SECOND, ALERTS, WARM_UP, CONNECTIONS = 50, 5, 50, 16
GOOD = "/in/bench-0/alertmanager"
PAUSE_SECONDS = 0.02
"""Of a sender that was told to send again later."""
LIMITS = Limits()


def storm() -> bytes:
    """Accepted: a group of 50,000 alerts."""
    return _group(element(number) for number in range(50_000))


def wide() -> bytes:
    """Accepted: alerts with as many labels, annotations and other values as each may have."""
    labels = {f"label_{number:05}": "1" for number in range(LIMITS.max_labels - 1)}
    others = list(range(LIMITS.max_alert_values - 2 * LIMITS.max_labels - 100))
    alert = {"annotations": labels, "others": others}
    return _group(json.dumps(alert | {"labels": labels | {"n": str(number)}}) for number in range(400))


def many() -> bytes:
    """Accepted by a generic integration: as many alerts as one request may have, most of 1 MiB."""
    return (
        "[" + ",".join(json.dumps({"title": str(number), "x": "y" * 75}) for number in range(LIMITS.max_alerts - 1)) + "]"
    ).encode()


def broken() -> bytes:
    """Refused: no JSON at its very end, and as many elements as may be before."""
    return _group('{"labels":{"a":"b"}}' for _ in range(LIMITS.max_alertmanager_alerts - 1))[:-1]


SENDERS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "storm": ("/in/bench-1/alertmanager", storm),
    "wide": ("/in/bench-2/alertmanager", wide),
    "many": ("/in/bench-3/generic", many),
    "broken": ("/in/bench-4/alertmanager", broken),
}


def measure(seconds: float) -> Figures:
    """Measure quiet, then with the senders; so long each."""
    with scratch_directory() as data:
        config = data / "bench.yaml"
        config.write_text(json.dumps(_configuration()))
        with RunningStack(data, config=config, only=["webhook", "clock"], environment=NO_RATES) as stack:
            address = stack.settings.webhook_listen
            wait_until(lambda: asyncio.run(_is_accepted(address)), "requests are accepted")
            quiet = asyncio.run(_post(address, seconds))
            with _sending(address):
                under = asyncio.run(_post(address, seconds))
    p99 = [_p99(waits) for waits in (quiet, under)]
    return {
        "good client, 50 a second/quiet p99 ms": p99[0],
        "good client, 50 a second/under four senders p99 ms": p99[1],
        "good client, 50 a second/p99 as a multiple": p99[1] / p99[0],
    }


def _configuration() -> dict[str, Any]:
    made = configuration(1 + len(SENDERS))
    tokens = made["projects"]["bench-3"]["integrations"]["alertmanager"]["tokens"]
    made["projects"]["bench-3"]["integrations"]["generic"] = {"format": "generic", "tokens": tokens}
    return made


def _p99(waits: list[float]) -> float:
    return statistics.quantiles((1000 * wait for wait in waits), n=100)[98]


def _group(alerts: Iterator[str]) -> bytes:
    return ('{"version":"4","alerts":[' + ",".join(alerts) + "]}").encode()


def _request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _is_accepted(address: Address) -> bool:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(_request(GOOD, _group(iter([element(0)]))))
    status, _ = await read_answer(reader)
    writer.close()
    return status == 202


async def _post(address: Address, seconds: float) -> list[float]:
    """Post as the good client for so long; give how long each request took from when it was due, the first left out."""
    connections: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        connections.put_nowait(await asyncio.open_connection(address.host, address.port))
    started = time.monotonic()
    count = WARM_UP + round(seconds * PER_SECOND)
    waits = await asyncio.gather(*(_post_one(connections, started + number / PER_SECOND, number) for number in range(count)))
    while not connections.empty():
        connections.get_nowait()[1].close()
    return waits[WARM_UP:]


async def _post_one(
    connections: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]], due: float, number: int
) -> float:
    await asyncio.sleep(max(0.0, due - time.monotonic()))
    reader, writer = await connections.get()
    writer.write(_request(GOOD, _group(element(number * ALERTS + place) for place in range(ALERTS))))
    status, body = await read_answer(reader)
    connections.put_nowait((reader, writer))
    assert status == 202, body
    return time.monotonic() - due


@contextmanager
def _sending(address: Address) -> Iterator[None]:
    """Let the senders send, in a process of their own, from when each has had an answer."""
    command = [sys.executable, "-m", "tests.bench.fairness", address.host, str(address.port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answered: dict[str, str] = {}
        try:
            while len(answered) < len(SENDERS):
                name, status = process.stdout.readline().split()
                answered.setdefault(name, status)
            print(f"   first answers: {answered}", flush=True)
            yield
        finally:
            process.kill()


async def _send(name: str, address: Address) -> None:
    path, make = SENDERS[name]
    request = _request(path, make())
    while True:
        reader, writer = await asyncio.open_connection(address.host, address.port, limit=2**26)
        writer.write(request)
        status, _ = await read_answer(reader)
        writer.close()
        print(name, status, flush=True)
        if status == 503:
            await asyncio.sleep(PAUSE_SECONDS)


async def _send_all(address: Address) -> None:
    await asyncio.gather(*(_send(name, address) for name in SENDERS))


if __name__ == "__main__":
    asyncio.run(_send_all(Address(sys.argv[1], int(sys.argv[2]))))
