"""A sink as a process of its own, and a journal to read: for tests on real Kafka and PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import psycopg
from kafka import KafkaProducer

from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import JOURNAL
from tests.servers import wait_until
from tests.world import PROJECT, World, batch, configured


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


class RunningSink:
    """`tocsin sink postgres`, as the supervisor starts it."""

    def __init__(self, settings: Settings, database_url: str, log: Path) -> None:
        self._log = log
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TOCSIN_")}
        environment |= {f"TOCSIN_{one.name.upper()}": str(getattr(settings, one.name)) for one in fields(settings)}
        environment["TOCSIN_DATABASE_URL"] = database_url
        with log.open("ab") as output:
            command = [sys.executable, "-m", "tocsin", "sink", "postgres"]
            self.process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 10) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def output(self) -> str:
        return self._log.read_text()


@contextmanager
def running_sink(settings: Settings, database_url: str, log: Path) -> Iterator[RunningSink]:
    sink = RunningSink(settings, database_url, log)
    try:
        yield sink
    finally:
        sink.kill()
