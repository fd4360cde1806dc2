"""How commands end, and what they say when they are refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tocsin.cli.main import main

Run = Callable[..., tuple[int, str, str]]
"""Takes arguments and variables; gives exit code, output and complaints."""


@pytest.fixture
def tocsin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process: starting Python for each would be most of the time of all unit tests."""
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        for name, value in {"TOCSIN_DATA": str(tmp_path), **environment}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["tocsin", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


@pytest.mark.parametrize("arguments", [("nonsense",), ("up", "--nonsense"), ("up", "--config", "/nonexistent"), ("sink",)])
def test_wrong_usage_ends_with_2(tocsin: Run, arguments: tuple[str, ...]) -> None:
    assert tocsin(*arguments)[0] == 2


def test_a_command_without_a_cluster_is_refused_in_one_line(tocsin: Run) -> None:
    complaint = "tocsin: no Kafka: set TOCSIN_KAFKA, or start the embedded one with `tocsin up`\n"
    assert tocsin("topics", "list") == (1, "", complaint)


def test_an_unreadable_setting_is_named(tocsin: Run) -> None:
    complaint = "tocsin: TOCSIN_PARTITIONS is 'many'; it takes a whole number\n"
    assert tocsin("topics", "list", TOCSIN_PARTITIONS="many") == (1, "", complaint)


def test_a_cluster_that_does_not_answer_ends_with_3(tocsin: Run) -> None:
    done = tocsin("topics", "create", "--wait", "0.1", TOCSIN_KAFKA="127.0.0.1:1")
    assert done == (3, "", "tocsin: Kafka at 127.0.0.1:1 does not answer\n")


def test_status_of_nothing_is_not_reachable(tmp_path: Path) -> None:
    """In a process of its own: the exit code that a shell sees, and nothing of the tests imported."""
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "status", "--json"],
        env={"PATH": "/usr/bin:/bin", "TOCSIN_DATA": str(tmp_path)}, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert (done.returncode, found["health"], found["processes"], found["lag"]) == (3, "stopped", [], {})


def test_settings_prints_every_variable(tocsin: Run) -> None:
    assert "| `TOCSIN_DATABASE_URL` | empty |" in tocsin("settings")[1]
