"""What is done to a running stack, one thing after the other: kills, freezes, second workers, another core.

Every action leaves the stack to mend itself; it ends only processes that the campaign or its supervisor started.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.crash.shortages import Shortages
from tests.running import RunningStack
from tocsin.up import environment_of

KILLED = (
    "webhook", "operator", "process", "sink-postgres", "sink-slack", "sink-statuspage", "sink-ledger", "kafka", "postgres",
    "clock",
)  # fmt: skip
FROZEN_SECONDS = 9.0
"""Longer than the session of 6 s, so that another worker takes over before the frozen one wakes."""
SECOND_WORKER_SECONDS = 12.0


class Kills:
    """The actions, each by name; a seeded order in which each comes at least once."""

    def __init__(
        self, stack: RunningStack, shortages: Shortages, seed: int, log: Path, say: Callable[[str], None], only: list[str]
    ) -> None:
        """`only`: parts of the names of the actions to do; empty: all."""
        self.stack = stack
        self.shortages = shortages
        self.random = random.Random(f"kills/{seed}")
        self.log = log
        self.say = say
        self.only = only
        self.counts: dict[str, int] = {}
        self.others: list[subprocess.Popen[bytes]] = []

    def actions(self) -> dict[str, Callable[[], None]]:
        actions: dict[str, Callable[[], None]] = {f"kill {name}": lambda name=name: self.kill(name) for name in KILLED}  # type: ignore[misc]
        actions["freeze worker while a second takes over"] = self.freeze_worker
        actions["second worker joins and leaves"] = self.second_worker
        actions["second worker joins and is killed"] = self.second_worker_killed
        actions["another version of the core joins"] = self.other_core
        actions["disk-full"] = self.shortages.disk_full
        actions["log-full"] = self.shortages.log_full
        actions["file-limit"] = self.shortages.file_limit
        return {name: action for name, action in actions.items() if not self.only or any(part in name for part in self.only)}

    def run_until(self, deadline: float) -> None:
        """Do all actions in a random order, again and again, with a random pause after each; all of them once in any case."""
        actions = self.actions()

        def is_over() -> bool:
            return time.monotonic() >= deadline and self.counts.keys() >= actions.keys()

        while not is_over():
            order = list(actions)
            self.random.shuffle(order)
            for name in order:
                if is_over():
                    return
                self.say(name)
                self.counts[name] = self.counts.get(name, 0) + 1
                actions[name]()
                time.sleep(self.random.uniform(0.5, 5))

    def kill(self, name: str) -> None:
        pid = self.stack.pid_of(name)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def freeze_worker(self) -> None:
        pid = self.stack.pid_of("process")
        if pid is None:
            return
        other = self._start("-m", "tocsin", "process")
        time.sleep(4)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(FROZEN_SECONDS)
            os.kill(pid, signal.SIGCONT)
        time.sleep(3)
        self._end(other, signal.SIGKILL)

    def second_worker(self) -> None:
        self._second(signal.SIGTERM)

    def second_worker_killed(self) -> None:
        self._second(signal.SIGKILL)

    def _second(self, ending: signal.Signals) -> None:
        other = self._start("-m", "tocsin", "process")
        time.sleep(SECOND_WORKER_SECONDS)
        self._end(other, ending)

    def other_core(self) -> None:
        other = self._start("-m", "tests.crash.other_core")
        time.sleep(SECOND_WORKER_SECONDS)
        self.kill("process")
        time.sleep(SECOND_WORKER_SECONDS)
        self._end(other, signal.SIGTERM)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {
            **environment_of(self.stack.settings),
            "TOCSIN_METRICS_PORT_BASE": "0",
            "TOCSIN_INSTANCE": f"second-{len(self.others)}",
        }
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.others.append(process)
        return process

    def _end(self, process: subprocess.Popen[bytes], ending: signal.Signals) -> None:
        if process.poll() is None:
            process.send_signal(ending)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def end_all(self) -> None:
        for process in self.others:
            self._end(process, signal.SIGKILL)
