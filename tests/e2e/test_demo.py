"""The demo as a newcomer runs it."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.servers import scratch_directory

REASONS = (
    " by ada: rebuilding the search index\n",
    "inhibited by alert #6, Cluster b is down\n",
    "incident #3, ada: acknowledged\n",
    "incident #4, ada: merged into incident #3\n",
    "the ledger, which counts from Kafka alone, finds the same\n",
)
"""That must be told on the terminal."""


def test_the_demo_tells_its_story_to_a_good_end() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    with scratch_directory() as data:
        command = [sys.executable, "-m", "tocsin", "demo", "--once", "--data", str(data)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "▲ not so" not in done.stdout
        assert [reason for reason in REASONS if reason not in done.stdout] == []
        assert done.stderr == ""
        assert list(data.iterdir()) == [], "the demo leaves nothing behind"
