"""The behaviour vectors against a live tocsin, by their own runner, from outside."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.e2e.conftest import VECTORS, Live

LEFT_OUT = {"R16": "needs flapping"}
"""What is not built yet; each comes with the behaviour it needs."""


def test_what_the_vectors_say_is_so(live: Live) -> None:
    files = sorted(VECTORS.glob("*.json"))
    known = [vector["id"] for file in files for vector in json.loads(file.read_text())["vectors"]]
    chosen = [name for name in known if name not in LEFT_OUT]
    assert set(known) - set(chosen) == set(LEFT_OUT), "a vector that is left out is gone: take it off the list"
    only = [argument for name in chosen for argument in ("--only", name)]
    command = [sys.executable, VECTORS / "run.py", "check", *files, "--webhook", live.webhook, "--operator", live.operator, *only]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.stdout.splitlines()[-1:] == [f"{len(chosen)} passed, 0 failed"], done.stdout + done.stderr + live.problems()
