"""The ledger as a process on a real broker: it adds up, counts on after kill -9, and `tocsin status` shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import INBOX, partition_of
from tests.integration.sinks.running_sink import send
from tests.running_process import running_process
from tests.servers import wait_until
from tests.world import PROJECT, World, batch
from tocsin.status_ledger import read_ledger

HOME = partition_of(PROJECT, 4)


def written(settings: Settings, claimed: list[int]) -> list[bytes]:
    """Write a frame of two alerts for each claim to the inbox; give the journal that a worker makes of them."""
    world = World()
    world.tick(0)  # as `topics create` begins each partition
    producer = KafkaProducer(**client_options(settings))
    for number, count in enumerate(claimed):
        headers = [("events", json.dumps({PROJECT: count}).encode())]
        world.append(number + 1, batch({"title": "disk"}, {"title": f"cpu {number}"}), headers=tuple(headers))
        value = world.inbox[-1].value
        producer.send(INBOX.full_name(settings.topic_prefix), value, partition=HOME, headers=headers).get(10)
    producer.close()
    world.run()
    return world.journal


def row(**counts: Any) -> list[dict[str, Any]]:
    names = ("received", "created", "merged", "recovered", "unmatched", "stale", "rejected", "pending", "difference")
    return [
        {
            "project": PROJECT,
            **{name: counts.get(name, 0) for name in names},
            "state": counts.get("state", "adds up"),
            "unknown_status_words": [],
        }
    ]


def wait_for(settings: Settings, wanted: list[dict[str, Any]]) -> None:
    wait_until(lambda: read_ledger(settings) == wanted, f"the ledger says {wanted}")


def test_ledger_counts_on_after_it_was_killed(own_topics: Settings, tmp_path: Path) -> None:
    journal = written(own_topics, [2, 2, 2])
    with running_process("sink ledger", own_topics, tmp_path / "log"):
        wait_for(own_topics, row(pending=6))
        send(own_topics, {HOME: journal[:-1]})
        wait_for(own_topics, row(received=4, created=3, merged=1, pending=2))
    send(own_topics, {HOME: journal[-1:]})
    with running_process("sink ledger", own_topics, tmp_path / "log"):
        wait_for(own_topics, row(received=6, created=4, merged=2))


@pytest.mark.parametrize("claimed", [3])
def test_ledger_that_does_not_add_up_is_loud(own_topics: Settings, tmp_path: Path, claimed: int) -> None:
    send(own_topics, {HOME: written(own_topics, [claimed])})
    with running_process("sink ledger", own_topics, tmp_path / "log") as process:
        wait_for(own_topics, row(received=3, created=2, difference=1, state="does not add up"))
        assert "ledger_disagreed" in process.output()
