"""Commands through the running door and a real Kafka, decided by a core that the test plays; silences read and counted."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition

from schemas.codec import decode
from schemas.kafka import client_options
from schemas.records import Command, Frame
from schemas.settings import Settings
from schemas.topics import INBOX
from tests.integration.producers.operator.door import ALERT, Asking, Database, alert

SILENCE = """
INSERT INTO tocsin.silences (project, id, version, inbox_offset, inbox_index, matchers, starts_at, ends_at, comment, created_by,
                             muted_7d)
VALUES ('shop', %s, 1, 0, 0, %s, now() + %s * interval '1 h', now() + %s * interval '1 h', %s, 'ada', 5)"""
OUTCOME = """
INSERT INTO tocsin.outcomes (partition, inbox_offset, item, project, receipt, actor, at, total, events)
VALUES (%s, %s, 0, %s, %s, %s, now(), 1, %s)"""


class Core:
    """Decides every command in the inbox: done, and an acknowledged alert is acknowledged."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_stopped = Event()
        self.seen: list[Command] = []

    def run(self, is_reading: Event) -> None:
        consumer = KafkaConsumer(group_id=None, enable_auto_commit=False, **client_options(self._settings))
        topic = INBOX.full_name(self._settings.topic_prefix)
        consumer.assign([TopicPartition(topic, number) for number in range(self._settings.partitions)])
        consumer.seek_to_end()
        for partition in consumer.assignment():
            consumer.position(partition)
        is_reading.set()
        with psycopg.connect(self._settings.database_url, autocommit=True) as database:
            while not self._is_stopped.is_set():
                for partition, records in consumer.poll(timeout_ms=100).items():
                    for record in records:
                        self._decide(database, partition.partition, record)
        consumer.close()

    def stop(self) -> None:
        self._is_stopped.set()

    def _decide(self, database: Database, partition: int, record: Any) -> None:
        assert dict(record.headers) == {"events": b"{}"}
        (command,) = decode(record.value, Frame).items
        assert isinstance(command, Command)
        self.seen.append(command)
        database.execute("UPDATE tocsin.alerts SET status = 'acknowledged' WHERE number = %s", [command.number])
        events = json.dumps([{"index": 0, "outcome": "done", "alert": command.number}])
        database.execute(OUTCOME, (partition, record.offset, command.project, command.command_id, command.actor, events))


@contextmanager
def deciding(settings: Settings) -> Iterator[Core]:
    core, is_reading = Core(settings), Event()
    thread = Thread(target=core.run, args=(is_reading,))
    thread.start()
    try:
        assert is_reading.wait(20)
        yield core
    finally:
        core.stop()
        thread.join()


def test_command_is_carried_out_and_answered_within_moments(asking: Asking, settings: Settings, database: Database) -> None:
    with database.cursor() as cursor:
        cursor.executemany(ALERT, [alert(number) for number in range(1, 41)])
    with deciding(settings) as core:
        took = []
        for number in range(1, 21):
            began = time.monotonic()
            answer = asking.ask("POST", f"alerts/{number}/acknowledge", {"command_id": f"c-{number}"})
            took.append(time.monotonic() - began)
            shown = answer.json()
            assert (answer.status_code, shown["outcome"], shown["alert"]["status"]) == (200, "done", "acknowledged")
        with ThreadPoolExecutor(20) as pool:
            at_once = list(pool.map(lambda number: asking.ask("POST", f"alerts/{number}/acknowledge").status_code, range(21, 41)))
    assert (at_once, statistics.median(took) < 0.25) == ([200] * 20, True), took
    assert core.seen[0] == Command("shop", "c-1", "ada", "acknowledge", "alert", 1, b"{}")
    assert asking.get("/api/v1/projects/shop/commands/c-1").json()["alert"]["number"] == 1


def test_command_that_nobody_decides_is_pending_and_can_be_asked_for(asking: Asking, database: Database) -> None:
    database.execute(ALERT, alert(1))
    answer = asking.ask("POST", "alerts/1/acknowledge", {"command_id": "late"})
    assert (answer.status_code, answer.json()) == (202, {"outcome": "pending", "command_id": "late"})
    assert asking.get(answer.headers["location"]).json() == {"outcome": "pending", "command_id": "late"}
    database.execute(OUTCOME, (0, 999, "shop", "late", "ada", '[{"index": 0, "outcome": "refused", "reason": "No."}]'))
    assert asking.get(answer.headers["location"]).json() == {"outcome": "refused", "reason": "No."}
    database.execute(OUTCOME, (0, 1000, "bank", "theirs", "ada", '[{"index": 0, "outcome": "refused", "reason": "No."}]'))
    assert asking.get("/api/v1/projects/shop/commands/theirs").status_code == 404
    asked = {who: asking.get(answer.headers["location"], who).json().get("outcome") for who in ("ada", "bob", "local-token")}
    assert asked == {"ada": "refused", "bob": None, "local-token": "refused"}  # its actor and admins alone


@pytest.fixture
def silences(database: Database) -> Database:
    """One that is over, two that are active and one of the future."""
    with database.cursor() as cursor:
        cursor.executemany(
            SILENCE,
            [
                ("1", ['service="web"'], -3, -2, "deploy"),
                ("2", ['service="db"', 'env=~"prod.*"'], -3, 2, "Migration 100%"),
                ("3", ['service="web"'], -1, 2, "noise"),
                ("4", ['service="web"'], 1, 5, "planned"),
            ],
        )
    return database


def test_silences_are_listed_by_state_and_search_a_page_at_a_time(asking: Asking, silences: Database) -> None:
    expected = {
        "": ["4", "3", "2", "1"], "state=active": ["3", "2"], "state=pending&state=expired": ["4", "1"], "search=PROD": ["2"],
        "search=100%25": ["2"], "search=ada&state=expired": ["1"], "sort=starts_at": ["1", "2", "3", "4"], "search=nothing": [],
    }  # fmt: skip
    assert {said: asking.all(f"silences?limit=1&{said}", "id") for said in expected} == expected


def test_one_silence_says_its_state(asking: Asking, silences: Database) -> None:
    shown = [asking.get(f"/api/v1/projects/shop/silences/{id}", "bob").json() for id in ("1", "2", "4")]
    assert [one["state"] for one in shown] == ["expired", "active", "pending"]
    assert {name: shown[1][name] for name in ("matchers", "comment", "created_by", "muted_7d")} == {
        "matchers": ['service="db"', 'env=~"prod.*"'], "comment": "Migration 100%", "created_by": "ada", "muted_7d": 5,
    }  # fmt: skip
    answers = [asking.get(f"/api/v1/projects/shop/silences/{id}").status_code for id in ("99", "x", "'")]
    assert answers == [404, 404, 404]


def test_preview_counts_what_fired_in_the_last_7_days(asking: Asking, database: Database) -> None:
    with database.cursor() as cursor:
        cursor.executemany(ALERT, [alert(number) for number in range(1, 6)])
    database.execute("UPDATE tocsin.alerts SET service = 'web', labels = '{\"env\": \"prod-1\"}' WHERE number < 5")
    database.execute("UPDATE tocsin.alerts SET status = 'resolved', ended_at = now() - interval '8 d' WHERE number = 1")
    database.execute("UPDATE tocsin.alerts SET status = 'resolved', ended_at = now() - interval '6 d' WHERE number = 2")

    def count(*matchers: str) -> Any:
        return asking.ask("POST", "silences/preview", {"matchers": matchers, "ends_at": "2100-01-01T00:00:00Z"}).json()[
            "muted_7d"
        ]

    assert [count('service="web"'), count('service="web"', 'env=~"prod.+"'), count('env=~"x.+"')] == [3, 3, 0]
