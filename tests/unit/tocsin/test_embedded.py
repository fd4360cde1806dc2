"""Parts of the embedded servers that need no server."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from schemas.settings import Settings
from schemas.topics import TOPICS
from tocsin import acls, processes
from tocsin.embedded import kafka, postgres, postgres_binaries, rates
from tocsin.embedded.launch import Child, run
from tocsin.embedded.rates import Reading


def test_a_long_data_directory_gets_a_short_socket_path(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    home.mkdir()
    directory = postgres._socket_directory(home, None, None)
    assert len(os.fsencode(directory / postgres.SOCKET_NAME)) <= postgres.MAX_SOCKET_PATH_BYTES
    assert directory == postgres._socket_directory(home, None, None)
    assert directory.stat().st_mode & 0o777 == 0o700
    directory.rmdir()


@pytest.mark.parametrize(("mode", "may_pass"), [(0o700, False), (0o701, True), (0o750, False), (0o755, True)])
def test_another_user_passes_where_others_may(tmp_path: Path, mode: int, may_pass: bool) -> None:
    tmp_path.chmod(mode)
    assert postgres_binaries._may_pass(tmp_path.stat(), user=64_000, group=64_000) is may_pass


def test_the_generated_properties_ask_for_a_password_on_both_listeners(tmp_path: Path) -> None:
    lines = kafka._render(tmp_path, {"client": 9092, "controller": 20_001}, "secret").splitlines()
    asking = [line.split(".plain.")[0] for line in lines if 'password="secret"' in line and 'user_tocsin="secret"' in line]
    assert asking == ["listener.name.client", "listener.name.controller"]
    assert "listeners=CLIENT://127.0.0.1:9092,CONTROLLER://127.0.0.1:20001" in lines


def test_clients_are_told_where_the_broker_is_and_how_to_sign_in() -> None:
    broker = kafka.Broker(Child("kafka", ("true",), {}), 9092, "secret")
    settings = broker.client_settings(Settings())
    assert (settings.kafka, settings.kafka_security_protocol, settings.kafka_sasl_username, settings.kafka_sasl_password) == (
        "127.0.0.1:9092", "SASL_PLAINTEXT", "tocsin", "secret",
    )  # fmt: skip


def test_a_child_asks_for_a_signal_at_its_parents_death() -> None:
    script = "import ctypes; n = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(n), 0, 0, 0); print(n.value)"
    child = Child("asker", (sys.executable, "-IS", "-c", script), {}, orphan_signal=signal.SIGQUIT)
    assert run(child, 10) == (0, f"{int(signal.SIGQUIT)}\n")


def test_slack_runs_only_where_it_is_set_up() -> None:
    names = [process.name for process in processes.select(Settings(), None)]
    with_slack = [process.name for process in processes.select(Settings(slack_token="xoxb-1"), None)]
    assert "sink-slack" not in names
    assert [*names[:-1], "sink-slack", names[-1]] == with_slack


def test_rates_are_per_second_and_name_each_group() -> None:
    before = Reading(at=10.0, inbox=100, journal=10, rows=5, lag={})
    now = Reading(at=12.0, inbox=2_500, journal=14, rows=5, lag={"sink-postgres": 3, "process": 0})
    assert rates.render(before, now) == "inbox 1,200/s  journal 2/s  rows 0/s  lag  process 0  sink-postgres 3"


def test_ticks_alone_are_no_news() -> None:
    before = Reading(at=1.0, inbox=100, journal=10, rows=5)
    assert not rates.is_news(before, Reading(at=2.0, inbox=108, journal=10, rows=5))
    assert rates.is_news(before, Reading(at=2.0, inbox=108, journal=11, rows=5))


def test_acls_let_only_declared_writers_write() -> None:
    lines = list(acls.render("tocsin.", "k:9092"))
    writers = {
        line.split("User:tocsin-")[1].split()[0] for line in lines if "Write" in line and line.endswith("tocsin.journal.v1")
    }
    assert writers == {"worker"}
    assert all("--operation Describe --operation DescribeConfigs --topic" in line for line in lines if "--topic" in line)
    assert {line.split("--topic ")[1] for line in lines if "--topic" in line} == {topic.full_name("tocsin.") for topic in TOPICS}
