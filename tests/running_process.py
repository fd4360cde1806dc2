"""One of tocsin's processes, as the supervisor starts it, for tests on real servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from schemas.settings import Settings


class RunningProcess:
    """A `tocsin` command, its words apart by blanks, with these settings; its output goes to a file."""

    def __init__(self, command: str, settings: Settings, log: Path) -> None:
        self._log = log
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TOCSIN_")}
        environment |= {f"TOCSIN_{one.name.upper()}": str(getattr(settings, one.name)) for one in fields(settings)}
        with log.open("ab") as output:
            arguments = [sys.executable, "-m", "tocsin", *command.split()]
            self.process = subprocess.Popen(arguments, env=environment, stdout=output, stderr=output)

    def stop(self, seconds: float = 10) -> int:
        """Ask it to leave; give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End it without a word, as kill -9 does."""
        self.process.kill()
        self.process.wait()

    def output(self) -> str:
        return self._log.read_text()


@contextmanager
def running_process(command: str, settings: Settings, log: Path) -> Iterator[RunningProcess]:
    running = RunningProcess(command, settings, log)
    try:
        yield running
    finally:
        running.kill()
