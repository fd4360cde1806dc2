"""That each process has used every type of msgspec's before it starts a thread (`schemas/first_use.py`). No server is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tocsin.processes import PROCESSES

NOWHERE = {
    "TOCSIN_KAFKA": "127.0.0.1:1",
    "TOCSIN_DATABASE_URL": "postgresql://127.0.0.1:1/nowhere",
    "TOCSIN_SLACK_API_URL": "http://127.0.0.1:1/",
}
PLUG_IN = """
import socket
import msgspec

class Shape(msgspec.Struct):
    name: str

def parse(document, door): ...
def build(settings): socket.create_connection(("127.0.0.1", 1))
"""


def types_before_the_first_thread(command: str, directory: Path) -> dict[str, Any]:
    """Give the names of the types that were used, and that were not, when the process started its first thread."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    environment |= {**NOWHERE, "TOCSIN_DATA": str(directory / "data"), "PYTHONPATH": str(directory)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.first_thread", *command.split()],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    last = (done.stdout.splitlines() or [""])[-1]
    assert last.startswith("{"), f"it started no thread:\n{done.stdout}{done.stderr}"
    return dict(json.loads(last))


@pytest.mark.parametrize("command", [*(" ".join(process.command) for process in PROCESSES), "up", "demo"])
def test_each_type_is_used_before_a_process_starts_its_first_thread(command: str, tmp_path: Path) -> None:
    assert types_before_the_first_thread(command, tmp_path)["unused"] == []


def test_each_type_is_used_before_topics_are_compared_in_a_thread(tmp_path: Path) -> None:
    assert types_before_the_first_thread("--comparing clock", tmp_path)["unused"] == []


@pytest.mark.parametrize("command", ["webhook", "sink odd"])
def test_the_types_of_a_plug_in_are_used_too(command: str, tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(PLUG_IN)
    described = tmp_path / "odd-1.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    (described / "entry_points.txt").write_text("[tocsin.formats]\nodd = odd:parse\n[tocsin.sinks]\nodd = odd:build\n")
    assert "odd.Shape" in types_before_the_first_thread(command, tmp_path)["used"]
