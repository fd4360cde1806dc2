"""`tocsin up` with its servers and two small processes: what it restarts, what it refuses, how it ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from schemas.topics import CONFIG
from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until
from tocsin.cluster import admin_client, end_offsets

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


@pytest.mark.parametrize("name", ["kafka", "postgres", "rates"])
def test_what_is_killed_starts_again(stack: RunningStack, name: str) -> None:
    killed = stack.pid_of(name)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: stack.pid_of(name) not in (None, killed), f"{name} runs again")
    wait_until(lambda: stack.command("topics", "create", "--wait", "30").returncode == 0, "Kafka answers")
    wait_until(lambda: stack.status()["health"] == "ready", "all is well")


def test_a_second_supervisor_on_the_same_data_is_refused(stack: RunningStack) -> None:
    refused = stack.command("up")
    assert refused.returncode == 1
    assert refused.stderr.strip() == f"tocsin: {stack.data} is in use by process {stack.process.pid}: stop it, or name another --data"


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


def test_it_stops_within_ten_seconds_and_comes_back_as_it_was() -> None:
    with scratch_directory() as data, RunningStack(data, only=ONLY) as stack:
        before = (stack.settings.kafka, (data / "token").read_text(), _inbox_ends(stack))
        processes = _processes_of(data)
        begun = time.monotonic()
        assert stack.stop() == 0
        assert time.monotonic() - begun < 10
        assert [pid for pid in processes if _is_alive(pid)] == []
        stack.start_again()
        assert (stack.settings.kafka, (data / "token").read_text(), _inbox_ends(stack)) == before


def test_a_killed_supervisor_leaves_no_process_behind() -> None:
    with scratch_directory() as data, RunningStack(data, only=ONLY) as stack:
        processes = _processes_of(data)
        assert len(processes) >= 8  # Java, the postmaster and its own, two of ours
        stack.kill()
        wait_until(lambda: not any(map(_is_alive, processes)), "all processes are gone", 5)
        stack.start_again()
        assert set(_inbox_ends(stack).values()) == {0}


def test_a_child_that_does_not_stop_is_killed_in_time() -> None:
    with scratch_directory() as data, RunningStack(data, only=ONLY) as stack:
        frozen = stack.pid_of("rates")
        assert frozen is not None
        os.kill(frozen, signal.SIGSTOP)
        begun = time.monotonic()
        assert stack.stop() == 0
        assert time.monotonic() - begun < 10
        assert "rates did not stop in time and is killed" in stack.output()
        assert not _is_alive(frozen)


def test_existing_servers_are_used_instead_of_embedded_ones(own_topics, own_database: str) -> None:  # type: ignore[no-untyped-def]
    names = ("kafka", "kafka_security_protocol", "kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password", "topic_prefix")
    environment = {f"TOCSIN_{name.upper()}": str(getattr(own_topics, name)) for name in names} | {"TOCSIN_DATABASE_URL": own_database}
    with scratch_directory() as data, RunningStack(data, only=ONLY, environment=environment) as stack:
        assert [process["name"] for process in stack.status()["processes"]] == ["statuspage-server", "rates"]
        assert not (data / "kafka").exists()
        assert not (data / "postgres").exists()


def _inbox_ends(stack: RunningStack) -> dict[tuple[str, int], int]:
    name = CONFIG.full_name(stack.settings.topic_prefix)
    with admin_client(stack.settings, 30) as client:
        return end_offsets(client, {name: 1})


def _processes_of(data: Path) -> list[int]:
    """All processes that have our directory in their arguments or environment, and PostgreSQL's own, but the supervisor."""
    mark = str(data).encode()
    found = {int(process.name) for process in Path("/proc").glob("[0-9]*") if mark in _read(process / "cmdline") + _read(process / "environ")}
    found |= {pid for pid in map(int, _numbers_in("/proc")) if _parent_of(pid) in found}
    return sorted(pid for pid in found if _read(Path(f"/proc/{pid}/cmdline")).find(b"\0up\0") < 0)


def _numbers_in(directory: str) -> list[str]:
    return [entry for entry in os.listdir(directory) if entry.isdigit()]


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


