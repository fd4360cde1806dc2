"""How commands end, and what they say when they are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

QUIET = {"PATH": "/usr/bin:/bin"}


def tocsin(*arguments: str, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tocsin", *arguments]
    return subprocess.run(
        command, env=QUIET | {"TOCSIN_DATA": str(data)} | environment, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("arguments", [("nonsense",), ("up", "--nonsense"), ("up", "--config", "/nonexistent"), ("sink",)])
def test_wrong_usage_ends_with_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert tocsin(*arguments, data=tmp_path).returncode == 2


def test_a_command_without_a_cluster_is_refused_in_one_line(tmp_path: Path) -> None:
    done = tocsin("topics", "list", data=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tocsin: no Kafka: set TOCSIN_KAFKA, or start the embedded one with `tocsin up`\n"


def test_an_unreadable_setting_is_named(tmp_path: Path) -> None:
    done = tocsin("topics", "list", data=tmp_path, TOCSIN_PARTITIONS="many")
    assert (done.returncode, done.stderr) == (1, "tocsin: TOCSIN_PARTITIONS is 'many'; it takes a whole number\n")


def test_a_cluster_that_does_not_answer_ends_with_3(tmp_path: Path) -> None:
    done = tocsin("topics", "create", "--wait", "0.5", data=tmp_path, TOCSIN_KAFKA="127.0.0.1:1")
    assert (done.returncode, done.stderr) == (3, "tocsin: Kafka at 127.0.0.1:1 does not answer\n")


def test_status_of_nothing_is_not_reachable(tmp_path: Path) -> None:
    done = tocsin("status", "--json", data=tmp_path)
    found = json.loads(done.stdout)
    assert (done.returncode, found["health"], found["processes"], found["lag"]) == (3, "stopped", [], {})


def test_settings_prints_every_variable(tmp_path: Path) -> None:
    assert "| `TOCSIN_DATABASE_URL` | empty |" in tocsin("settings", data=tmp_path).stdout
