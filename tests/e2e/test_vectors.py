"""The behaviour vectors against a live tocsin, by their own runner, from outside: all of them."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.e2e.conftest import VECTORS, Live


def test_what_the_vectors_say_is_so(live: Live) -> None:
    files = sorted(VECTORS.glob("*.json"))
    count = sum(len(json.loads(file.read_text())["vectors"]) for file in files)
    doors = ["--webhook", live.webhook, "--operator", live.operator]
    command = [sys.executable, str(VECTORS / "run.py"), "check", *map(str, files), *doors]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.stdout.splitlines()[-1:] == [f"{count} passed, 0 failed"], done.stdout + done.stderr + live.problems()
