"""The worker on real Kafka: starts, stops, kills, freezes, second workers, broken logs.

Whatever happens, the journal comes to what one thread makes of the inbox. Not here: the driver alone (tests/unit).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient

from schemas.records import Tick
from schemas.settings import Settings
from schemas.topics import INBOX, JOURNAL
from tests.integration.processors.workers import (
    Inbox,
    ends,
    followed,
    is_all_covered,
    records_of,
    replayed,
    running_workers,
)
from tests.servers import change_topic, wait_until
from tests.world import batch
from tocsin.cluster import admin_client, lag_by_group


@pytest.fixture
def inbox(own_topics: Settings) -> Iterator[Inbox]:
    producer = Inbox(own_topics)
    yield producer
    producer.close()


@pytest.fixture
def start_worker(own_topics: Settings, tmp_path: Path) -> Iterator[Any]:
    with running_workers(own_topics, tmp_path) as start:
        yield start


def assert_journal_equals_replay(settings: Settings) -> None:
    wait_until(lambda: is_all_covered(settings), "the journal covers the inbox", 60)
    for partition, end in ends(settings, INBOX).items():
        if end > 1:
            assert followed(settings, partition)[0] == replayed(settings, partition)


def test_every_record_is_decided_about_from_the_first(own_topics: Settings, inbox: Inbox, start_worker: Any) -> None:
    inbox.send_load(0, range(20))
    inbox.send_load(3, range(20))
    start_worker()
    assert_journal_equals_replay(own_topics)


def test_a_worker_reads_what_the_broker_has_compressed(own_topics: Settings, inbox: Inbox, start_worker: Any) -> None:
    for topic in (INBOX, JOURNAL):
        change_topic(own_topics, topic, compression_type="zstd")
    inbox.send_load(0, range(20))
    start_worker().kill()
    start_worker()  # recovers from the journal, if there is one by now
    assert_journal_equals_replay(own_topics)


def test_a_stopped_worker_leaves_nothing_unwritten(own_topics: Settings, inbox: Inbox, start_worker: Any) -> None:
    inbox.send_load(1, range(5))
    worker = start_worker()
    wait_until(lambda: is_all_covered(own_topics), "the first records are covered")
    inbox.send(1, Tick(0, "door"))  # changes nothing: without the stop it would wait for 30 s to be covered
    inbox.close()
    wait_until(lambda: ends(own_topics, INBOX)[1] == 7, "the tick is there")
    started = time.monotonic()
    code = worker.stop()
    assert (code, followed(own_topics, 1)[1]) == (0, 7), worker.output()
    assert time.monotonic() - started < 5


def test_what_is_covered_is_committed_for_monitoring(own_topics: Settings, inbox: Inbox, start_worker: Any) -> None:
    inbox.send_load(2, range(30))
    start_worker()
    wait_until(lambda: is_all_covered(own_topics), "all is covered")
    with admin_client(own_topics) as client:
        wait_until(lambda: _lag(client, own_topics) == 0, "the group has no lag", 10)


def test_kills_under_load_lose_and_double_nothing(own_topics: Settings, inbox: Inbox, start_worker: Any) -> None:
    for number in range(4):
        worker = start_worker()
        for partition in range(4):
            inbox.send_load(partition, range(number * 300, number * 300 + 300))
        count = sum(ends(own_topics, JOURNAL).values())
        wait_until(lambda count=count: sum(ends(own_topics, JOURNAL).values()) > count, f"the worker writes:\n{worker.output()}")
        worker.kill()
    start_worker()
    assert_journal_equals_replay(own_topics)


def test_a_woken_worker_does_no_harm_after_another_took_over(own_topics: Settings, inbox: Inbox, start_worker: Any) -> None:
    frozen = start_worker()
    inbox.send_load(0, range(50))
    wait_until(lambda: is_all_covered(own_topics), "the first worker has the partition")
    inbox.send_load(0, range(50, 100))
    frozen.freeze()
    start_worker()
    inbox.send_load(0, range(100, 150))
    assert_journal_equals_replay(own_topics)
    frozen.wake()
    inbox.send_load(0, range(150, 200))
    assert_journal_equals_replay(own_topics)


def test_a_second_worker_joins_and_leaves_under_load(own_topics: Settings, inbox: Inbox, start_worker: Any) -> None:
    first = start_worker()
    inbox.send_load(0, range(100))
    inbox.send_load(1, range(100))
    wait_until(lambda: is_all_covered(own_topics), f"the first worker works:\n{first.output()}")
    second = start_worker()
    for frame in range(100, 400):
        inbox.send_load(frame % 4, range(frame, frame + 1))
    wait_until(lambda: "partitions_assigned" in second.output(), f"the second worker has partitions:\n{second.output()}")
    inbox.send_load(1, range(400, 500))
    second.stop()
    inbox.send_load(1, range(500, 600))
    assert_journal_equals_replay(own_topics)


def test_a_record_that_cannot_be_decoded_stops_nothing(own_topics: Settings, inbox: Inbox, start_worker: Any) -> None:
    inbox.send_bytes(0, b"no frame")
    inbox.send_bytes(0, None)
    inbox.send(0, batch({"title": "after it"}))
    start_worker()
    assert_journal_equals_replay(own_topics)
    assert len(followed(own_topics, 0)[0].alerts) == 1


def test_a_worker_refuses_to_start_when_the_journal_does_not_fit_the_inbox(
    own_topics: Settings, inbox: Inbox, start_worker: Any
) -> None:
    inbox.send_load(0, range(5))
    inbox.close()
    with admin_client(own_topics) as client:
        _delete_records(client, own_topics, before=3)
    worker = start_worker()
    assert worker.wait() == 1
    assert "inbox record 0 comes next, but the inbox begins at 3: records are lost" in worker.output()


def _delete_records(client: KafkaAdminClient, settings: Settings, before: int) -> None:
    from kafka import TopicPartition

    client.delete_records({TopicPartition(INBOX.full_name(settings.topic_prefix), 0): before})


def _lag(client: KafkaAdminClient, settings: Settings) -> int | None:
    return lag_by_group(client, settings.topic_prefix).get(f"{settings.topic_prefix}process")


def test_a_journal_holds_one_record_of_each_entry(own_topics: Settings, inbox: Inbox, start_worker: Any) -> None:
    inbox.send_load(0, range(10))
    start_worker()
    wait_until(lambda: is_all_covered(own_topics), "all is covered")
    assert len(records_of(own_topics, JOURNAL, 0)) <= 11
