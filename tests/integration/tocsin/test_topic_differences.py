"""Topics that are not as declared, on a real broker: what is refused, what is said, and the command that mends it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from schemas.settings import Settings
from schemas.topics import CONFIG, INBOX
from tests.running_process import running_process
from tests.servers import change_topic, wait_until
from tocsin.up import environment_of

HARM = {"compression.type": "zstd", "max.message.bytes": "3000"}
BREAKS = {"message.timestamp.type": "CreateTime"}


def tocsin(settings: Settings, command: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "tocsin", *shlex.split(command)]
    return subprocess.run(arguments, env=environment_of(settings), capture_output=True, text=True, timeout=60, check=False)


def check(settings: Settings) -> dict[str, dict[str, Any]]:
    """Give what `tocsin topics check` finds, by setting."""
    return {found["setting"]: found for found in json.loads(tocsin(settings, "topics check --json").stdout)}


def change_inbox(settings: Settings, *changes: dict[str, str]) -> None:
    for change in changes:
        change_topic(settings, INBOX, **{name.replace(".", "_"): value for name, value in change.items()})


def test_topics_as_created_do_not_differ(own_topics: Settings) -> None:
    done = tocsin(own_topics, "topics check")
    assert (done.returncode, done.stdout) == (0, "all topics that exist are as declared\n")


def test_each_difference_is_mended_by_the_command_that_it_names(own_topics: Settings) -> None:
    change_inbox(own_topics, HARM, BREAKS)
    found = check(own_topics)
    assert {setting: one["actual"] for setting, one in found.items()} == {**HARM, **BREAKS}
    (command,) = {one["mend"] for one in found.values()}
    done = tocsin(own_topics, command.removeprefix("tocsin "))
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 3), done.stderr
    assert check(own_topics) == {}
    assert tocsin(own_topics, "topics mend").stdout == "nothing differs from what is declared\n"


def test_what_breaks_a_promise_is_refused_and_mended_when_that_is_asked(own_topics: Settings) -> None:
    change_inbox(own_topics, HARM, BREAKS)
    refused = tocsin(own_topics, "topics create")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"tocsin: topic {own_topics.topic_prefix}inbox.v1: message.timestamp.type is CreateTime, declared is LogAppendTime: "
        "tocsin's time would be the clocks of its writers, not the broker's. To mend it: tocsin topics mend inbox\n"
    )
    mended = tocsin(own_topics, "topics create --mend")
    assert (mended.returncode, len(mended.stderr.splitlines())) == (0, 3)
    assert set(check(own_topics)) == set(HARM)


def test_what_only_degrades_is_said_by_create(own_topics: Settings) -> None:
    change_inbox(own_topics, HARM)
    done = tocsin(own_topics, "topics create")
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 2)
    assert "max.message.bytes is 3000, declared is 4194304: Kafka refuses larger records" in done.stderr


def test_a_process_does_not_start_on_topics_that_break_a_promise(own_topics: Settings) -> None:
    change_inbox(own_topics, BREAKS)
    done = tocsin(own_topics, "process")
    assert (done.returncode, "To mend it: tocsin topics mend inbox" in done.stderr) == (1, True)


def test_a_process_starts_and_says_what_only_degrades_of_its_own_topics(own_topics: Settings, tmp_path: Path) -> None:
    change_inbox(own_topics, HARM)
    change_topic(own_topics, CONFIG, retention_bytes="1000000000")
    with running_process("clock", own_topics, tmp_path / "clock.log") as clock:
        wait_until(lambda: clock.output().count("topic_differs") == 3, "it says what differs")
        assert clock.stop() == 0
    assert "mend='tocsin topics mend inbox'" in clock.output()


def test_status_names_what_does_harm(own_topics: Settings) -> None:
    change_inbox(own_topics, HARM, BREAKS, {"retention.ms": "-1"})
    status = json.loads(tocsin(own_topics, "status --json").stdout)
    assert status["health"] == "degraded"
    assert {topic["setting"] for topic in status["topics"]} == {*HARM, *BREAKS}
