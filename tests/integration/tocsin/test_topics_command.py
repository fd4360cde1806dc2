"""`tocsin topics …` against a real broker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from schemas.settings import Settings
from schemas.topics import TOPICS
from tests.conftest import WALL_CLOCK_MILLIS
from tocsin.up import environment_of


def tocsin(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tocsin", *arguments]
    return subprocess.run(command, env=environment_of(settings), capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def tail(own_topics: Settings) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tocsin", "topics", "tail", "inbox", "--from-beginning"]
    with subprocess.Popen(command, env=environment_of(own_topics), stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_list_shows_every_declared_topic_with_its_records(own_topics: Settings) -> None:
    rows = {
        row["topic"]: (row["partitions"], row["end"]) for row in json.loads(tocsin(own_topics, "topics", "list", "--json").stdout)
    }
    assert set(rows) == {topic.full_name(own_topics.topic_prefix) for topic in TOPICS}
    assert rows[f"{own_topics.topic_prefix}inbox.v1"] == (4, 4)
    assert rows[f"{own_topics.topic_prefix}config.v1"] == (1, 0)


def test_create_says_what_was_there_already(own_topics: Settings) -> None:
    done = tocsin(own_topics, "topics", "create")
    assert (done.returncode, done.stdout) == (0, f"0 topics created, {len(TOPICS)} were there\n")


def test_tail_shows_what_a_record_holds(tail: subprocess.Popen[str]) -> None:
    assert tail.stdout is not None
    records = [json.loads(tail.stdout.readline()) for _ in range(4)]
    assert sorted(record["partition"] for record in records) == [0, 1, 2, 3]
    assert {record["offset"] for record in records} == {0}
    assert [record["value"] for record in records] == [
        {"schema": "frame", "items": [{"at": WALL_CLOCK_MILLIS, "source": "opening"}]}
    ] * 4


def test_tail_of_an_unknown_topic_is_said(own_topics: Settings) -> None:
    done = tocsin(own_topics, "topics", "tail", "nonsense")
    assert (done.returncode, done.stderr) == (3, "tocsin: there is no topic nonsense\n")
