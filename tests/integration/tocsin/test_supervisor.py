"""`tocsin up` with its servers and two small processes: what it restarts, what it refuses, how it ends."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from schemas.settings import Settings
from schemas.topics import CONFIG, INBOX
from tests.running import RunningStack
from tests.servers import change_topic, scratch_directory, wait_until
from tocsin.cluster import admin_client, end_offsets
from tocsin.up import environment_of

ONLY = ["statuspage-server", "rates"]


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    with scratch_directory() as data, RunningStack(data, only=ONLY) as running:
        yield running


def test_status_names_the_processes_and_the_servers_in_use(stack: RunningStack) -> None:
    wait_until(lambda: stack.status()["health"] == "ready", "all is well")
    status = stack.status()
    assert [process["name"] for process in status["processes"]] == ["kafka", "postgres", "statuspage-server", "rates"]
    assert {process["state"] for process in status["processes"]} == {"running"}
    assert (status["kafka"], status["database_url"]) == (stack.settings.kafka, stack.settings.database_url)
    state = stack.state()
    assert state is not None
    assert sorted(state["watched_disks"].split(":")) == [f"{stack.data}/kafka", f"{stack.data}/postgres"]


@pytest.mark.parametrize("name", ["kafka", "postgres", "rates"])
def test_what_is_killed_starts_again(stack: RunningStack, name: str) -> None:
    killed = stack.pid_of(name)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: stack.pid_of(name) not in (None, killed), f"{name} runs again")
    wait_until(lambda: stack.command("topics", "create", "--wait", "30").returncode == 0, "Kafka answers")
    wait_until(lambda: stack.status()["health"] == "ready", "all is well")
    (told,) = (process for process in stack.status()["processes"] if process["name"] == name)
    assert (told["restarts"], told["signals"], told["last_end"]) == (1, {"SIGKILL": 1}, "was ended by SIGKILL")


def test_a_second_supervisor_on_the_same_data_is_refused(stack: RunningStack) -> None:
    refused = stack.command("up")
    assert refused.returncode == 1
    assert f"{stack.data} is in use by process {stack.process.pid}: stop it" in refused.stderr


def test_the_local_token_is_private(stack: RunningStack) -> None:
    token = stack.data / "token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert len(token.read_text().strip()) == 43  # 256 bits


def test_the_status_page_server_serves_what_is_published(stack: RunningStack) -> None:
    published = stack.data / "statuspage" / "current" / "api" / "v2"
    published.mkdir(parents=True)
    (published / "summary.json").write_text("{}")
    answer = httpx.get(f"http://{stack.settings.statuspage_listen}/api/v2/summary.json")
    assert (answer.status_code, answer.text) == (200, "{}")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def test_it_stops_within_ten_seconds_and_comes_back_as_it_was_with_its_own_topics_mended() -> None:
    with scratch_directory() as data, RunningStack(data, only=ONLY) as stack:
        before = (stack.settings.kafka, (data / "token").read_text(), _config_ends(stack))
        change_topic(stack.settings, INBOX, message_timestamp_type="CreateTime")
        processes = _processes_of(data)
        begun = time.monotonic()
        assert stack.stop() == 0
        assert time.monotonic() - begun < 10
        assert [pid for pid in processes if _is_alive(pid)] == []
        stack.start_again()
        assert (stack.settings.kafka, (data / "token").read_text(), _config_ends(stack)) == before
        assert "message.timestamp.type was CreateTime and is LogAppendTime now" in stack.output()
        assert json.loads(stack.command("topics", "check", "--json").stdout) == []


def test_a_killed_supervisor_leaves_no_process_behind() -> None:
    with scratch_directory() as data, RunningStack(data, only=ONLY) as stack:
        processes = _processes_of(data)
        assert len(processes) >= 8  # Java, the postmaster and its own, two of ours
        stack.kill()
        wait_until(lambda: not any(map(_is_alive, processes)), "all processes are gone", 5)
        stack.start_again()
        assert set(_config_ends(stack).values()) == {0}


def test_children_that_do_not_stop_are_killed_in_time() -> None:
    with scratch_directory() as data, RunningStack(data, only=ONLY) as stack:
        frozen = {name: stack.pid_of(name) or 0 for name in ("rates", "kafka", "postgres")}
        for pid in frozen.values():
            os.kill(pid, signal.SIGSTOP)
        begun = time.monotonic()
        assert stack.stop() == 0
        assert time.monotonic() - begun < 10
        assert [name for name in frozen if f"{name} did not stop in time and is killed" not in stack.output()] == []
        assert [name for name, pid in frozen.items() if _is_alive(pid)] == []
        assert not (data / "state.json").exists()


def test_existing_servers_are_used_instead_of_embedded_ones(own_topics: Settings, own_database: str) -> None:
    environment = environment_of(dataclasses.replace(own_topics, database_url=own_database))
    for listener in ("WEBHOOK", "OPERATOR", "STATUSPAGE", "SLACK"):
        del environment[f"TOCSIN_{listener}_LISTEN"]
    with scratch_directory() as data, RunningStack(data, only=ONLY, environment=environment) as stack:
        assert [process["name"] for process in stack.status()["processes"]] == ["statuspage-server", "rates"]
        state = stack.state()
        assert state is not None
        assert state["watched_disks"] == ""
        assert not (data / "kafka").exists()
        assert not (data / "postgres").exists()


def _config_ends(stack: RunningStack) -> dict[tuple[str, int], int]:
    name = CONFIG.full_name(stack.settings.topic_prefix)
    with admin_client(stack.settings, 30) as client:
        return end_offsets(client, {name: 1})


def _processes_of(data: Path) -> list[int]:
    """All processes with our directory in their arguments or environment, and their children; but not the supervisor."""
    mark = str(data).encode()
    every = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    found = {pid for pid in every if mark in _read(Path(f"/proc/{pid}/cmdline")) + _read(Path(f"/proc/{pid}/environ"))}
    found |= {pid for pid in every if _parent_of(pid) in found}
    return sorted(pid for pid in found if b"\0up\0" not in _read(Path(f"/proc/{pid}/cmdline")))


def _parent_of(pid: int) -> int:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def _is_alive(pid: int) -> bool:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return bool(fields) and fields[0] != b"Z"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it has ended meanwhile
