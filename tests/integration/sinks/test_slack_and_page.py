"""Slack and the status page as processes on a real broker: told, killed, woken, taken over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from schemas.configuration import Component, Configuration, Receiver, SlackReceiver, StatusPage, pack
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import CONFIG, SLACK_THREADS, partition_of
from sinks.compacted import Change, CompactedTopic
from sinks.follow_configuration import ConfigurationFollower
from sinks.sink import Superseded
from tests.fakes.slack import RunningSlack, running_slack
from tests.integration.sinks.running_sink import send
from tests.servers import wait_until
from tests.world import PROJECT, World, batch, configured

RULES: dict[str, Any] = {
    "incidents": [{"name": "each", "group_by": ["..."], "publish": "auto"}],
    "notify": [{"receivers": ["oncall"]}],
}
CONFIGURATION = Configuration(
    receivers={"oncall": Receiver(slack=SlackReceiver(channel="C1"))},
    status_page=StatusPage(
        title="Shop status", url="https://status.example", components=[Component(id="c", name="C", project=PROJECT)]
    ),
)
COMPONENTS = [
    {"id": f"disk-{number}", "name": f"disk {number}", "project": PROJECT, "match": [f'title="disk {number} full"']}
    for number in range(1, 5)
]
HOME = partition_of(PROJECT, 4)


@pytest.fixture
def journal() -> list[bytes]:
    """Four incidents open; the first is resolved."""
    world = World()
    world.append(0, configured(1, {PROJECT: RULES}, COMPONENTS))
    for number in range(1, 5):
        world.append(number, batch({"title": f"disk {number} full"}))
    world.tick(6)
    world.append(9, batch({"title": "disk 1 full", "resolved": True}))
    world.run(records_per_entry=1)
    return world.journal


@pytest.fixture
def settings(own_topics: Settings, tmp_path: Path) -> Settings:
    apply(own_topics, CONFIGURATION)
    return replace(own_topics, statuspage_dir=str(tmp_path / "page"))


@pytest.fixture
def slack() -> Iterator[RunningSlack]:
    with running_slack() as running:
        yield running


def apply(settings: Settings, configuration: Configuration) -> None:
    producer = KafkaProducer(**client_options(settings))
    producer.send(CONFIG.full_name(settings.topic_prefix), key=b"current", value=pack(configuration), partition=0).get(10)
    producer.close()


class Process:
    """`tocsin sink NAME`, as the supervisor starts it."""

    def __init__(self, settings: Settings, name: str, log: Path) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TOCSIN_")}
        environment |= {f"TOCSIN_{one.name.upper()}": str(getattr(settings, one.name)) for one in fields(settings)}
        self.log = log
        with log.open("ab") as output:
            command = [sys.executable, "-m", "tocsin", "sink", name]
            self.process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def has_said(self, words: str) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        return words in self.log.read_text()

    def wait_until_assigned(self) -> Process:
        wait_until(lambda: self.has_said("partitions_assigned"), "the sink has its partitions")
        return self

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(settings: Settings, name: str, log: Path) -> Iterator[Process]:
    process = Process(settings, name, log)
    try:
        yield process.wait_until_assigned()
    finally:
        process.kill()


def texts(slack: RunningSlack) -> list[str]:
    return sorted(post["text"] for post in slack.posts())


ALL = sorted(
    f"{'✓' if number == 1 else '▲'} critical, {'resolved' if number == 1 else 'triggered'}: disk {number} full (shop #{number})"
    for number in range(1, 5)
)


def expect_all(slack: RunningSlack) -> None:
    wait_until(lambda: texts(slack) == ALL and len(slack.replies()) == 1, "Slack was told of everything")
    assert slack.replies() == ["✓ Resolved after 8 s"]


def test_channel_sees_each_incident_once_and_the_sink_ends_when_told(
    settings: Settings, slack: RunningSlack, journal: list[bytes], tmp_path: Path
) -> None:
    with running(replace(settings, slack_api_url=slack.url), "slack", tmp_path / "log") as sink:
        send(settings, {HOME: journal})
        expect_all(slack)
        assert sink.stop() == 0


def test_sink_that_is_killed_again_and_again_tells_everything_once(
    settings: Settings, slack: RunningSlack, journal: list[bytes], tmp_path: Path
) -> None:
    settings = replace(settings, slack_api_url=slack.url)
    with running(settings, "slack", tmp_path / "log"):
        pass  # it has read the empty journal, so that nothing is history
    for half in (journal[:3], journal[3:]):
        with running(settings, "slack", tmp_path / f"log{len(half)}"):
            calls = len(slack.calls())
            send(settings, {HOME: half})
            wait_until(lambda seen=calls: len(slack.calls()) > seen, "Slack is called")  # type: ignore[misc]
    with running(settings, "slack", tmp_path / "last"):
        expect_all(slack)


def test_frozen_sink_that_wakes_says_nothing_twice(
    settings: Settings, slack: RunningSlack, journal: list[bytes], tmp_path: Path
) -> None:
    settings = replace(settings, slack_api_url=slack.url)
    with running(settings, "slack", tmp_path / "first") as first:
        send(settings, {HOME: journal[:3]})
        wait_until(lambda: len(slack.posts()) == 2, "two incidents are posted")
        first.process.send_signal(signal.SIGSTOP)
        send(settings, {HOME: journal[3:]})
        with running(settings, "slack", tmp_path / "second"):
            wait_until(lambda: len(slack.posts()) == 4, "the second has taken over")
            first.process.send_signal(signal.SIGCONT)
            wait_until(lambda: first.log.read_text().count("partitions_assigned") > 1, "the first has joined again")
            expect_all(slack)


def test_page_is_published_by_one_of_two_and_taken_over(settings: Settings, journal: list[bytes], tmp_path: Path) -> None:
    summary = Path(settings.statuspage_dir) / "current/api/v2/summary.json"

    def names() -> list[str]:
        return sorted(one["name"] for one in json.loads(summary.read_text())["incidents"])

    with running(settings, "statuspage", tmp_path / "first"), running(settings, "statuspage", tmp_path / "second"):
        wait_until(summary.exists, "the page is there before the first incident")
        send(settings, {HOME: journal[:-1]})  # the tick, which publishes, is the last but one
        wait_until(lambda: len(names()) == 4, "all incidents are on the page")
    with running(settings, "statuspage", tmp_path / "third"):
        send(settings, {HOME: journal[-1:]})
        wait_until(lambda: names() == [f"disk {number}: down" for number in (2, 3, 4)], "three are open")


def test_compacted_topic_gives_back_what_was_written_last(own_topics: Settings) -> None:
    topic = CompactedTopic(own_topics, SLACK_THREADS)
    assert topic.load([0, 1]) == {}
    topic.write([Change(0, "a", b"1"), Change(1, "b", b"1"), Change(0, "c", b"1")])
    topic.write([Change(0, "a", b"2"), Change(1, "b", None)])
    topic.close()
    assert CompactedTopic(own_topics, SLACK_THREADS).load([0, 1]) == {"a": b"2", "c": b"1"}


def test_writer_that_somebody_else_has_overtaken_learns_so(own_topics: Settings) -> None:
    old, new = (CompactedTopic(own_topics, SLACK_THREADS) for _ in range(2))
    old.load([0])
    new.load([0])
    new.write([Change(0, "a", b"new")])
    with pytest.raises(Superseded, match="another process has written"):
        old.write([Change(0, "b", b"old")])
    old.load([0])
    old.write([Change(0, "b", b"again")])
    old.close()
    new.close()


def test_configuration_is_followed_with_its_version(own_topics: Settings) -> None:
    follower = ConfigurationFollower(own_topics)
    assert (follower.refresh().version, follower.current.configuration) == (-1, Configuration())
    apply(own_topics, CONFIGURATION)
    assert (follower.refresh().version, follower.current.configuration) == (0, CONFIGURATION)
    assert follower.current.at > 0
    follower.close()
