"""`tocsin up` as a process of its own, as a user runs it, for tests that need the whole.

Not here: single servers (`servers.py`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.settings import Settings
from tests.servers import wait_until
from tocsin.embedded import ports
from tocsin.state import StackState, find_servers, read

STOP_SECONDS = 15


class RunningStack:
    """A stack on one data directory. Its doors are on free ports, so that any number can run at once."""

    def __init__(
        self,
        data: Path,
        *,
        only: list[str] | None = None,
        config: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.environment = {**_quiet_environment(), **_free_doors(), **(environment or {}), "TOCSIN_DATA": str(data)}
        self._arguments = [f"--only={name}" for name in only] if only is not None else []
        self._arguments += [f"--config={config}"] if config is not None else []
        self.process = self._start()

    def __enter__(self) -> RunningStack:
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def settings(self) -> Settings:
        """The settings that its processes have."""
        return find_servers(Settings.load(self.environment))

    def state(self) -> StackState | None:
        """What its supervisor says of itself; None while none runs."""
        return read(self.data)

    def pid_of(self, name: str) -> int | None:
        """The process id of one of its processes, None while that is not running."""
        state = self.state()
        return next((one["pid"] for one in state["processes"] if one["name"] == name), None) if state else None

    def wait_until_ready(self, seconds: float = 90) -> None:
        """Wait until everything runs and its doors accept."""
        wait_until(self._is_ready, f"the stack is ready; its output:\n{self.output()[-4000:]}", seconds)

    def output(self) -> str:
        """All that it has written, since the first start on this data directory."""
        return self._log.read_text() if self._log.exists() else ""

    def status(self) -> dict[str, Any]:
        """What `tocsin status --json` prints."""
        done = self.command("status", "--json")
        return dict(json.loads(done.stdout))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `tocsin` command against this stack."""
        command = [sys.executable, "-m", "tocsin", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)

    def stop(self) -> int:
        """Stop it as Ctrl-C does; give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()

    def kill(self) -> None:
        """End the supervisor without a word, as kill -9 does."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """Start it anew on the same data."""
        self.process = self._start()
        self.wait_until_ready()

    @property
    def _log(self) -> Path:
        return self.data / "up.out"

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "tocsin", "up", *self._arguments]
            return subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, f"tocsin up has ended:\n{self.output()[-4000:]}"
        state = self.state()
        return state is not None and state["health"] == "ready"


def _quiet_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("TOCSIN_")}


def _free_doors() -> dict[str, str]:
    taken: set[int] = set()
    for _ in range(4):
        taken.add(ports.any_free(frozenset(taken)))
    names = ("TOCSIN_WEBHOOK_LISTEN", "TOCSIN_OPERATOR_LISTEN", "TOCSIN_STATUSPAGE_LISTEN", "TOCSIN_SLACK_LISTEN")
    return {name: f"127.0.0.1:{port}" for name, port in zip(names, sorted(taken), strict=True)}
