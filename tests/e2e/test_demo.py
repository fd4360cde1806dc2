"""The demo as a newcomer runs it."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.servers import scratch_directory


def test_the_demo_tells_its_story_to_a_good_end() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    with scratch_directory() as data:
        command = [sys.executable, "-m", "tocsin", "demo", "--once", "--data", str(data)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "▲ not so" not in done.stdout
        assert done.stderr == ""
        assert list(data.iterdir()) == [], "the demo leaves nothing behind"
