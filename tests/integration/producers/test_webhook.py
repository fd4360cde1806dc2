"""The webhook on a real broker: what is durable, in which order, through an outage and a signal."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from kafka import KafkaProducer

from schemas.codec import decode
from schemas.configuration import Configuration, Integration, Project, pack
from schemas.kafka import client_options
from schemas.records import AlertBatch, Frame, Tick
from schemas.settings import Address, Settings
from schemas.topics import CONFIG, INBOX, MAX_MESSAGE_BYTES, partition_of
from tests.running_process import RunningProcess, running_process
from tests.servers import wait_until
from tocsin.cluster import admin_client, end_offsets
from tocsin.embedded import kafka, launch, topics
from tocsin.tail import read_partition

TOKEN = "sha256:" + sha256(b"good").hexdigest()
PROJECTS = [f"p{number}" for number in range(12)]
AT = 1_800_000_000_000


def apply_configuration(settings: Settings, projects: list[str]) -> None:
    door = {"web": Integration(format="generic", tokens=[TOKEN])}
    packed = pack(Configuration(projects={name: Project(integrations=door) for name in projects}))
    with closing(KafkaProducer(**client_options(settings))) as producer:
        producer.send(CONFIG.full_name(settings.topic_prefix), key=b"current", value=packed).get(10)


@dataclass
class Door:
    """A running webhook, from outside."""

    process: RunningProcess

    @property
    def port(self) -> int:
        found = re.search(r"listener_opened .*:(\d+)", self.process.output())
        return int(found[1]) if found else 0

    def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, {"Authorization": "Bearer good"})
            answer = connection.getresponse()
            text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else text

    def post(self, project: str, body: object) -> int:
        return self.request("POST", f"/in/{project}/web", json.dumps(body).encode())[0]

    def is_ready(self) -> bool:
        return self.port > 0 and self.request("GET", "/-/ready")[0] == 200


@contextmanager
def running_webhook(settings: Settings, log: Path) -> Iterator[Door]:
    with running_process("webhook", replace(settings, webhook_listen=Address("127.0.0.1", 0)), log) as process:
        door = Door(process)
        wait_until(lambda: door.port > 0, "the webhook listens")
        yield door


def frames(settings: Settings) -> dict[int, list[tuple[Frame, dict[str, int]]]]:
    """Give all frames with their header, by partition, without what topics create wrote."""
    name = INBOX.full_name(settings.topic_prefix)
    with admin_client(settings) as client:
        ends = end_offsets(client, {name: settings.partitions})
    found: dict[int, list[tuple[Frame, dict[str, int]]]] = {}
    for (_, partition), end in ends.items():
        records = list(read_partition(settings, name, partition, 1, end))
        assert max((len(record.value) for record in records), default=0) < MAX_MESSAGE_BYTES
        found[partition] = [(decode(record.value, Frame), json.loads(dict(record.headers)["events"])) for record in records]
    return found


def batches(settings: Settings) -> dict[int, list[AlertBatch]]:
    return {
        partition: [item for frame, _ in found for item in frame.items if isinstance(item, AlertBatch)]
        for partition, found in frames(settings).items()
    }


def test_what_is_answered_202_is_in_its_projects_partition_in_order(own_topics: Settings, tmp_path: Path) -> None:
    apply_configuration(own_topics, PROJECTS)
    with running_webhook(own_topics, tmp_path / "log") as door:
        wait_until(door.is_ready, "the webhook is ready")

        def send(project: str) -> list[int]:
            return [door.post(project, [{"title": f"{number}"}, 7]) for number in range(20)]

        with ThreadPoolExecutor(len(PROJECTS)) as pool:
            assert list(pool.map(send, PROJECTS)) == [[202] * 20] * len(PROJECTS)
    for partition, found in batches(own_topics).items():
        mine = [project for project in PROJECTS if partition_of(project, own_topics.partitions) == partition]
        sent = {project: [b.events[0].payload for b in found if b.project == project] for project in mine}
        assert sent == {project: [json.dumps({"title": f"{number}"}).encode() for number in range(20)] for project in mine}
        assert {batch.project for batch in found} <= set(mine)
    headers = [header for found in frames(own_topics).values() for _, header in found]
    assert {project: sum(header.get(project, 0) for header in headers) for project in PROJECTS} == dict.fromkeys(PROJECTS, 40)


def test_a_large_request_is_cut_into_records_that_follow_each_other(own_topics: Settings, tmp_path: Path) -> None:
    apply_configuration(own_topics, ["shop"])
    body = [{"n": number, "pad": "x" * 90} for number in range(8000)]
    with running_webhook(own_topics, tmp_path / "log") as door:
        wait_until(door.is_ready, "the webhook is ready")
        assert door.request("POST", "/in/shop/web", json.dumps(body).encode())[1]["accepted"] == 8000
    found = batches(own_topics)[partition_of("shop", own_topics.partitions)]
    assert len(found) > 1
    assert len({batch.receipt for batch in found}) == 1
    assert [event.index for batch in found for event in batch.events] == list(range(8000))
    assert {batch.total for batch in found} == {8000}


def test_a_door_ticks_in_each_partition_before_it_takes_anything(own_topics: Settings, tmp_path: Path) -> None:
    apply_configuration(own_topics, PROJECTS)
    with running_webhook(own_topics, tmp_path / "log") as door:
        wait_until(lambda: all(door.post(project, {}) == 202 for project in PROJECTS), "all is accepted")
    for found in frames(own_topics).values():
        first = next(item for frame, _ in found for item in frame.items)
        assert isinstance(first, Tick)
        assert first.source == "door"


def test_a_new_configuration_opens_and_closes_doors(own_topics: Settings, tmp_path: Path) -> None:
    apply_configuration(own_topics, ["old"])
    with running_webhook(own_topics, tmp_path / "log") as door:
        wait_until(door.is_ready, "the webhook is ready")
        assert (door.post("old", {}), door.post("new", {})) == (202, 401)
        apply_configuration(own_topics, ["new"])
        wait_until(lambda: (door.post("old", {}), door.post("new", {})) == (401, 202), "the new configuration is in force")


def test_without_a_broker_it_is_healthy_not_ready_and_takes_nothing(tmp_path: Path) -> None:
    with running_webhook(Settings(kafka="127.0.0.1:1"), tmp_path / "log") as door:
        assert (door.request("GET", "/-/healthy")[0], door.request("GET", "/-/ready")[0], door.post("shop", {})) == (
            200,
            503,
            503,
        )
        assert door.process.stop(seconds=8) == 0


def test_after_a_signal_what_was_accepted_is_written_and_the_process_leaves(own_topics: Settings, tmp_path: Path) -> None:
    apply_configuration(own_topics, PROJECTS)
    with running_webhook(own_topics, tmp_path / "log") as door, ThreadPoolExecutor(8) as pool:
        wait_until(door.is_ready, "the webhook is ready")

        def send_until_closed(sender: int) -> int:
            accepted = 0
            try:
                while door.post(PROJECTS[sender], {"title": "t"}) == 202:
                    accepted += 1
            except (OSError, http.client.HTTPException):
                pass  # the listener is closed
            return accepted

        senders = [pool.submit(send_until_closed, sender) for sender in range(8)]
        wait_until(lambda: sum(map(len, batches(own_topics).values())) > 50, "some were written")
        assert door.process.stop(seconds=5) == 0
        accepted = sum(sender.result() for sender in senders)
    assert accepted <= sum(map(len, batches(own_topics).values())) <= accepted + 8


@contextmanager
def broker_that_can_freeze(data: Path) -> Iterator[tuple[Settings, subprocess.Popen[bytes]]]:
    """A native broker with topics, and its process."""
    broker = kafka.prepare(data, default_port=0)
    process = launch.start(broker.child, data / "kafka.log")
    try:
        wait_until(broker.is_ready, "Kafka accepts connections", 90)
        settings = broker.client_settings(Settings(data=data))
        topics.create(settings, AT, wait_seconds=60)
        yield settings, process
    finally:
        launch.stop(process, broker.child, 10)


def test_a_broker_that_is_frozen_gets_503_and_works_again_when_it_is_back(tmp_path: Path) -> None:
    with broker_that_can_freeze(tmp_path) as (settings, broker), running_webhook(settings, tmp_path / "log") as door:
        apply_configuration(settings, ["shop"])
        wait_until(lambda: door.post("shop", {}) == 202, "it accepts")
        broker.send_signal(signal.SIGSTOP)
        try:
            status, answer = door.request("POST", "/in/shop/web", b"{}")
            wait_until(lambda: not door.is_ready(), "it is not ready")
        finally:
            broker.send_signal(signal.SIGCONT)
        assert (status, "may still have been written" in answer["detail"]) == (503, True)
        wait_until(lambda: door.post("shop", {}) == 202 and door.is_ready(), "it accepts again")


def test_answers_that_are_held_back_do_not_hold_up_leaving(own_topics: Settings, tmp_path: Path) -> None:
    apply_configuration(own_topics, ["shop"])
    with running_webhook(own_topics, tmp_path / "log") as door, ThreadPoolExecutor(140) as pool:
        wait_until(door.is_ready, "the webhook is ready")
        strangers = [pool.submit(door.post, "nobody", {}) for _ in range(140)]
        wait_until(lambda: sum(stranger.done() for stranger in strangers) >= 40, "those that wait a second are answered")
        assert sum(stranger.done() for stranger in strangers) < 140
        assert door.process.stop(seconds=5) == 0
        assert [stranger.result() for stranger in strangers] == [401] * 140
