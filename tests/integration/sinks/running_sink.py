"""A sink as a process of its own, and a journal to read: for tests on real Kafka and PostgreSQL."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
from kafka import KafkaProducer

from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import JOURNAL
from tests.running_process import RunningProcess, running_process
from tests.servers import wait_until
from tests.world import PROJECT, World, batch, configured

SINK = "sink postgres"


def story(rounds: int) -> list[bytes]:
    """Decide about some rounds of alerts that come, repeat and go; give the journal, about an entry for each round."""
    world = World()
    rules = {"incidents": [{"name": "by service", "group_by": ["service"]}], "notify": [{"receivers": ["oncall"]}]}
    world.append(0, configured(1, {PROJECT: rules}))
    for number in range(rounds):
        firing = [{"title": f"alert {one}", "service": f"s{one % 3}", "labels": {"n": str(one)}} for one in range(20)]
        world.append(number + 1, batch(*firing, receipt=f"r{number}"))
        world.append(number + 1.5, batch({**firing[number % 20], "resolved": True}, receipt=f"e{number}"))
    world.run(records_per_entry=2)
    return world.journal


def send(settings: Settings, values: Mapping[int, Sequence[bytes]]) -> None:
    """Write to the journal, and wait until Kafka has it."""
    producer = KafkaProducer(**client_options(settings))
    topic = JOURNAL.full_name(settings.topic_prefix)
    for partition, records in values.items():
        for future in [producer.send(topic, value, partition=partition) for value in records]:
            future.get(10)
    producer.close()


def positions(database_url: str) -> dict[int, tuple[int, int]]:
    with psycopg.connect(database_url) as database:
        rows = database.execute("SELECT partition, journal_offset, next_inbox FROM tocsin.positions").fetchall()
    return {partition: (offset, next_inbox) for partition, offset, next_inbox in rows}


def wait_for_offset(database_url: str, partition: int, offset: int, seconds: float = 30) -> None:
    wait_until(
        lambda: positions(database_url).get(partition, (-2, 0))[0] == offset, f"partition {partition} is at {offset}", seconds
    )


def postgres_sink(settings: Settings, database_url: str, log: Path) -> RunningProcess:
    """Start `tocsin sink postgres`, as the supervisor does."""
    return RunningProcess(SINK, dataclasses.replace(settings, database_url=database_url), log)


def running_sink(settings: Settings, database_url: str, log: Path) -> AbstractContextManager[RunningProcess]:
    """Run `tocsin sink postgres`; it is killed at the end."""
    return running_process(SINK, dataclasses.replace(settings, database_url=database_url), log)
