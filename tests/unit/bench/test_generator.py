"""The load that is generated: what is new in it, what is repeated, and whose receipts are kept."""

from __future__ import annotations

import json
from typing import Any

from tests.bench.generator import Load


def instances(request: bytes) -> list[str]:
    body: dict[str, Any] = json.loads(request.partition(b"\r\n\r\n")[2])
    return [alert["labels"]["instance"] for alert in body["alerts"]]


def test_of_ten_alerts_nine_are_repeats_of_few_and_one_is_new() -> None:
    load = Load(per_request=10, repeats_of_ten=9)
    sent = [instance for _ in range(500) for instance in instances(load.next_request()[1])]
    known = {f"host-{number}:9100" for number in range(load.known_count)}
    assert (len(set(sent) - known), sum(instance in known for instance in sent)) == (500, 4500)


def test_requests_go_to_all_projects_in_turn() -> None:
    load = Load(per_request=1, repeats_of_ten=0, projects=3)
    paths = [load.next_request()[1].split(b" ")[1] for _ in range(4)]
    assert paths == [f"/in/bench-{number}/alertmanager".encode() for number in (0, 1, 2, 0)]


def test_the_last_receipt_of_each_connection_and_project_is_kept() -> None:
    load = Load(per_request=2, repeats_of_ten=0)
    load.note(0, 0, 202, b'{"receipt":"old","accepted":2}')
    load.note(0, 0, 202, b'{"receipt":"new","accepted":2}')
    load.note(1, 0, 503, b'{"receipt":"none"}')
    assert (load.answered, load.refused, load.last_receipts) == (4, 2, {(0, 0): "new"})
