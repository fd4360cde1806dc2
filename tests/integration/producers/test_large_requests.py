"""Large requests at a real webhook: durable as a whole, in bounded memory, and nobody else waits for them."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from schemas.records import AlertBatch
from schemas.settings import Settings
from schemas.topics import partition_of
from tests.integration.producers.test_webhook import Door, apply_configuration, batches, frames, running_webhook
from tests.servers import wait_until

COUNT = 50_000
MAX_RESIDENT_MEBIBYTES = 300
LONGEST_SECONDS = 0.5
"""For an ordinary request beside a large one; it takes some 10 ms alone, and the machine may be busy."""


def alert(number: int) -> dict[str, Any]:
    """Make an alert as large as real ones are, about 600 bytes."""
    return {
        "labels": {
            "alertname": "DiskFull",
            "instance": f"node-{number}:9100",
            "job": "node",
            "severity": "warning",
            "zone": "eu",
        },
        "annotations": {"summary": f"Disk of node-{number} is full", "description": "x" * 220},
        "startsAt": "2026-11-27T11:45:00.000Z",
        "endsAt": "2096-11-27T11:45:00.000Z",
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=node_filesystem_avail_bytes+%3C+1&g0.tab=1",
    }


def peak_mebibytes(process: int) -> int:
    """Give the most memory that a process has had resident."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) // 1024


def post_until(door: Door, is_over: Any) -> list[float]:
    waits: list[float] = []
    while not is_over():
        since = time.monotonic()
        assert door.post("other", {"title": "t"}) == 202
        waits.append(time.monotonic() - since)
    return waits


def test_50_000_alerts_in_one_body_are_durable_in_bounded_memory_while_others_are_served(
    own_topics: Settings, tmp_path: Path
) -> None:
    apply_configuration(own_topics, ["shop", "other"])
    body = json.dumps([alert(number) for number in range(COUNT)]).encode()
    with running_webhook(own_topics, tmp_path / "log") as door, ThreadPoolExecutor(1) as pool:
        wait_until(door.is_ready, "the webhook is ready")
        large = pool.submit(door.request, "POST", "/in/shop/web/api/v2/alerts", body)
        waits = post_until(door, large.done)
        status, answer = large.result()
        peak = peak_mebibytes(door.process.process.pid)
    assert (status, answer["accepted"], answer["rejected"]) == (200, COUNT, [])
    assert peak < MAX_RESIDENT_MEBIBYTES
    assert len(waits) > 10
    assert max(waits) < LONGEST_SECONDS, sorted(waits)[-5:]
    mine = partition_of("shop", own_topics.partitions)
    found = [batch for batch in batches(own_topics)[mine] if batch.project == "shop"]
    assert [event.index for batch in found for event in batch.events] == list(range(COUNT))
    assert {(batch.receipt, batch.total) for batch in found} == {(answer["receipt"], COUNT)}
    assert sum(header.get("shop", 0) for _, header in frames(own_topics)[mine]) == COUNT
    print(f"peak {peak} MiB, {len(body) / 2**20:.1f} MiB of body, longest wait {max(waits) * 1000:.0f} ms of {len(waits)}")


def complaints(settings: Settings) -> list[AlertBatch]:
    return [batch for found in batches(settings).values() for batch in found if batch.complaints]


def test_refusals_are_told_gathered_in_the_inbox_and_the_last_of_them_when_the_door_closes(
    own_topics: Settings, tmp_path: Path
) -> None:
    apply_configuration(own_topics, ["shop"])
    with running_webhook(own_topics, tmp_path / "log") as door:
        wait_until(door.is_ready, "the webhook is ready")
        assert [door.request("POST", "/in/shop/web", b"{bad")[0] for _ in range(20)] == [400] * 20
        wait_until(lambda: bool(complaints(own_topics)), "the first are told")
        assert door.request("POST", "/in/shop/web", b"5")[0] == 422
        assert door.process.stop(seconds=8) == 0
    told = complaints(own_topics)
    assert [[(one.kind, one.count) for one in batch.complaints] for batch in told] == [[("malformed", 20)], [("not_an_alert", 1)]]
    assert [(batch.project, batch.integration, batch.total, batch.events) for batch in told] == [("shop", "web", 0, [])] * 2
    assert [sum(header.values()) for found in frames(own_topics).values() for _, header in found if sum(header.values())] == []
