"""What Slack refuses, on a real broker: told to the core, kept through kills, posted when it is mended, retried by a person."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from schemas.clock import now_millis
from schemas.codec import decode, decode_body, encode
from schemas.configuration import Configuration, Project, Receiver, Route, SlackReceiver
from schemas.kafka import client_options
from schemas.own_alerts import OWN_INTEGRATION
from schemas.records import AlertBatch, Content, Frame, FrameItem
from schemas.settings import Settings
from schemas.sink_records import DeadLetter
from schemas.topics import DEAD_LETTERS, INBOX, partition_of, read_events_header
from tests.fakes.slack import RunningSlack, running_slack
from tests.integration.sinks.running_sink import send
from tests.integration.sinks.test_slack_and_page import apply, running
from tests.running_process import running_process
from tests.servers import wait_until
from tests.world import PROJECT, World, batch, configured
from tocsin.dead_letters import Note, read_letters, write_note
from tocsin.dead_letters import send as send_record
from tocsin.embedded.fake_slack.workspace import Fault
from tocsin.status_receivers import read_receivers
from tocsin.up import environment_of

RULES: dict[str, Any] = {"incidents": [{"name": "each", "group_by": ["..."]}], "notify": [{"receivers": ["oncall"]}]}
CONFIGURATION = Configuration(
    receivers={"oncall": Receiver(slack=SlackReceiver(channel="C1"))},
    projects={PROJECT: Project(notify=[Route(receivers=["oncall"])])},
)
HOME = partition_of(PROJECT, 4)


@pytest.fixture
def slack() -> Iterator[RunningSlack]:
    with running_slack() as made:
        yield made


@pytest.fixture
def settings(own_topics: Settings, slack: RunningSlack) -> Settings:
    apply(own_topics, CONFIGURATION)
    return replace(own_topics, slack_api_url=slack.url)


def journal(count: int) -> list[bytes]:
    world = World()
    world.append(0, configured(1, {PROJECT: RULES}))
    for number in range(1, count + 1):
        world.append(number, batch({"title": f"disk {number} full"}))
    world.run(records_per_entry=1)
    return world.journal


def own_batches(settings: Settings) -> list[AlertBatch]:
    """Read what the sink wrote into the inbox; each record counts its events by project."""
    place = TopicPartition(INBOX.full_name(settings.topic_prefix), HOME)
    consumer = KafkaConsumer(**client_options(settings), group_id=None)
    consumer.assign([place])
    consumer.seek_to_beginning(place)
    end, found = consumer.end_offsets([place])[place], []
    while consumer.position(place) < end:
        for record in consumer.poll(timeout_ms=500).get(place, ()):
            items = [item for item in decode(record.value, Frame).items if isinstance(item, AlertBatch)]
            assert read_events_header(record.headers) == ({PROJECT: len(items)} if items else {})
            found += items
    consumer.close()
    return found


def test_broken_channel_is_told_kept_through_a_kill_and_posted_when_it_is_mended(
    settings: Settings, slack: RunningSlack, tmp_path: Path
) -> None:
    slack.workspace.left = frozenset({"C1"})
    with running(settings, "slack", tmp_path / "first"):
        send(settings, {HOME: journal(2)})
        wait_until(lambda: len(own_batches(settings)) == 1, "the core is told")
        wait_until(lambda: [row["error"] for row in read_receivers(settings)] == ["not_in_channel"], "status knows")
    (told,) = own_batches(settings)
    content = decode_body(told.events[0].content, Content)
    assert (told.integration, told.events[0].is_firing, content.labels["receivers"]) == (OWN_INTEGRATION, True, "oncall")
    slack.workspace.left = frozenset()
    with running(settings, "slack", tmp_path / "second"):
        wait_until(lambda: len(slack.posts()) == 2, "what waited is posted")
        wait_until(lambda: own_batches(settings)[-1].events[0].is_firing is False, "the alert ends")
        wait_until(lambda: read_receivers(settings) == [], "nothing is broken")


def test_storm_through_kills_is_told_of_once(settings: Settings, slack: RunningSlack, tmp_path: Path) -> None:
    with running(settings, "slack", tmp_path / "log"):
        pass  # it has read the empty journal, so that nothing is history
    made = journal(30)
    for part, half in enumerate((made[:16], made[16:])):
        with running(settings, "slack", tmp_path / f"log{part}"):
            calls = len(slack.calls())
            send(settings, {HOME: half})
            wait_until(lambda seen=calls: len(slack.calls()) > seen, "Slack is called")  # type: ignore[misc]
    with running(settings, "slack", tmp_path / "last"):
        wait_until(lambda: told(slack) == set(range(1, 31)), "everything is told")
    digests = [post for post in slack.posts() if "(shop #" not in post["text"]]
    own = [post["text"] for post in slack.posts() if "(shop #" in post["text"]]
    assert (len(digests), len(set(own))) == (1, len(own))
    assert len(own) <= 10


def told(slack: RunningSlack) -> set[int]:
    """Give the numbers of incidents that a message of their own or the digest names."""
    text = json.dumps([[post["text"], post["blocks"]] for post in slack.posts()])
    return {number for number in range(1, 31) if f"(shop #{number})" in text or f"shop #{number} disk" in text}


# -- dead letters ----------------------------------------------------------------


def tocsin(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tocsin", "deadletters", *arguments]
    return subprocess.run(command, env=environment_of(settings), capture_output=True, text=True, timeout=60, check=False)


def give_up(settings: Settings, *letters: DeadLetter) -> None:
    producer = KafkaProducer(**client_options(settings))
    topic = DEAD_LETTERS.full_name(settings.topic_prefix)
    for letter in letters:
        producer.send(topic, key=letter.origin_topic.encode(), value=encode(letter), partition=0).get(10)
    producer.close()


def frame_letter(settings: Settings, frame: bytes) -> DeadLetter:
    return DeadLetter(INBOX.full_name(settings.topic_prefix), HOME, 17, "sink-topics", "a rule failed", now_millis(), frame)


def test_frame_is_written_back_once_with_its_count_however_often_it_is_retried(settings: Settings) -> None:
    frame = encode(Frame([batch({"title": "A"}, {"refused": "no labels"})]))
    give_up(settings, frame_letter(settings, frame), frame_letter(settings, b"no frame"))
    listed = json.loads(tocsin(settings, "list", "--json").stdout)
    assert [(one["id"], one["reason"]) for one in listed] == [("0-0", "a rule failed"), ("0-1", "a rule failed")]
    done = tocsin(settings, "retry", "0-0")
    assert (done.returncode, done.stdout.split("0-0  ")[1][:18]) == (0, "done: written back"), done.stderr
    again = tocsin(settings, "retry", "0-0")
    assert again.stdout.startswith("0-0  done: was retried before: written back to ")
    records = inbox_records(settings)
    assert [(value, read_events_header(headers)) for value, headers in records if value == frame] == [(frame, {PROJECT: 2})]
    refused = tocsin(settings, "retry", "--all")
    assert (refused.returncode, "the frame cannot be read" in refused.stdout) == (1, True)
    assert "0-1" in tocsin(settings, "list").stdout


def inbox_records(settings: Settings) -> list[tuple[bytes, list[tuple[str, bytes]]]]:
    place = TopicPartition(INBOX.full_name(settings.topic_prefix), HOME)
    consumer = KafkaConsumer(**client_options(settings), group_id=None)
    consumer.assign([place])
    consumer.seek_to_beginning(place)
    end, found = consumer.end_offsets([place])[place], []
    while consumer.position(place) < end:
        found += [(one.value, list(one.headers)) for one in consumer.poll(timeout_ms=500).get(place, ())]
    consumer.close()
    return found


def test_retry_that_died_after_writing_back_writes_nothing_again(settings: Settings) -> None:
    frame = encode(Frame([batch({"title": "A"})]))
    give_up(settings, frame_letter(settings, frame))
    (letter,) = read_letters(settings)
    write_note(settings, letter, Note("begun", "written back"), now_millis())
    topic = INBOX.full_name(settings.topic_prefix)
    send_record(settings, topic, HOME, frame, [("events", b'{"shop": 1}'), ("dead-letter", b"0-0")])
    assert tocsin(settings, "retry", "0-0").stdout.startswith("0-0  done: written back")
    assert [value for value, _ in inbox_records(settings)].count(frame) == 1


def test_message_that_was_given_up_is_told_anew_as_the_incident_stands(
    settings: Settings, slack: RunningSlack, tmp_path: Path
) -> None:
    slack.workspace.faults.append(Fault("chat.postMessage", error="invalid_blocks"))
    with running_process("process", settings, tmp_path / "core"), running(settings, "slack", tmp_path / "sink"):
        write_inbox(settings, configured(1, {PROJECT: RULES}), batch({"title": "disk full"}))
        wait_until(lambda: tocsin(settings, "list", "--json").stdout.count("invalid_blocks") == 1, "it was given up")
        write_inbox(settings, batch({"title": "disk full", "severity": "high"}, {"title": "disk full"}))
        done = tocsin(settings, "retry", "--all")
        assert done.stdout.endswith("  done: oncall is told how incident shop #1 stands\n"), done.stderr
        wait_until(lambda: len(slack.posts()) == 1, "it is posted")
        assert tocsin(settings, "retry", "--all").stdout == "Nothing to retry.\n"
        write_inbox(settings, batch({"title": "disk full", "resolved": True}))
        wait_until(lambda: "resolved" in slack.posts()[0]["text"], "the message goes on")
    assert len(slack.posts()) == 1
    assert "1 that was retried" in tocsin(settings, "list").stdout


def write_inbox(settings: Settings, *items: FrameItem) -> None:
    producer = KafkaProducer(**client_options(settings))
    for item in items:
        events = json.dumps({PROJECT: item.total} if isinstance(item, AlertBatch) else {}).encode()
        value, topic = encode(Frame([item])), INBOX.full_name(settings.topic_prefix)
        producer.send(topic, value=value, partition=HOME, headers=[("events", events)]).get(10)
    producer.close()
