"""What is taken from a running stack for a while, so that it must mend itself: room on its disks, files to open.

Each round says what was to be seen and was not. Not here: kills (`kills.py`), the disks (`small_disk.py`).
"""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.settings import Address
from schemas.troubles import read_troubles
from tests.crash.load import PROJECTS, TOKEN, Told
from tests.crash.small_disk import SmallDisk
from tests.running import RunningStack

FULL_SECONDS = 12.0
NEARLY_FULL_MEBIBYTES = 100
"""Below the limit, and more than what comes in a few seconds."""
LOGS_FULL_SECONDS = 4.0
LOGGED_BODIES = 40
LIMITED_SECONDS = 3.0
SPARE_FILES = 4
CONNECTIONS = 40
NOTICED_SECONDS = 10
MENDED_SECONDS = 60
DOORS = ("webhook", "operator")


@dataclass
class Shortages:
    """The rounds; `problems` gathers what did not hold."""

    stack: RunningStack
    disk: SmallDisk
    logs: SmallDisk
    told: Told
    say: Callable[[str], None]
    problems: list[str] = field(default_factory=list)

    def disk_full(self) -> None:
        """Full at once, so that Kafka and PostgreSQL end; then nearly full, which the doors must notice while all goes on."""
        self.disk.fill()
        try:
            self._expect(self._is_unwell, "status is not ready while the disk is full", NOTICED_SECONDS)
            self._expect(lambda: self._is_refused_for("the disk"), "the webhook names the full disk", NOTICED_SECONDS)
            time.sleep(FULL_SECONDS)
        finally:
            self.disk.free()
        self._expect_all_well("the disk was full")
        self.disk.fill(NEARLY_FULL_MEBIBYTES)
        try:
            self._expect(lambda: self._is_refused_for("MiB free"), "the webhook refuses before the disk is full", NOTICED_SECONDS)
            self._expect(lambda: self._ask_ready()[0] == 503, "the webhook is not ready while it refuses", NOTICED_SECONDS)
            self._expect(lambda: "the disk" in self._troubles(), "status names the disk that is nearly full", NOTICED_SECONDS)
            self._expect(self._all_run, "everything runs while the disk is nearly full", 1)
        finally:
            self.disk.free()
        self._expect_all_well("the disk was nearly full")

    def log_full(self) -> None:
        """No log line can be written; what processes have to say must harm none of them."""
        self.logs.fill()
        try:
            self._kill("clock")
            for _ in range(LOGGED_BODIES):  # until the last block of the webhook's log is full too
                self._expect(
                    lambda: self._post()[0] == 202, "a body that the webhook logs about is taken", NOTICED_SECONDS, quiet=True
                )
            self._expect(
                lambda: "log lines are lost" in self._told_troubles(), "it is said that log lines are lost", NOTICED_SECONDS
            )
            time.sleep(LOGS_FULL_SECONDS)
        finally:
            self.logs.free()
        self._expect_all_well("the log folder was full")

    def file_limit(self) -> None:
        """Nothing more can be opened: in a door whose connections are all taken, and in the supervisor with a child to start."""
        for name in DOORS:
            pid = self.stack.pid_of(name)
            if pid is not None:
                self._take_connections_of(name, pid)
                self._expect(lambda pid=pid, name=name: self.stack.pid_of(name) == pid, f"{name} goes on after its limit", 1)  # type: ignore[misc]
        with _few_files(self.stack.process.pid, 0):
            self._kill("clock")
            time.sleep(LIMITED_SECONDS)
        self._expect_all_well("files could not be opened")

    def _take_connections_of(self, name: str, pid: int) -> None:
        address: Address = getattr(self.stack.settings, f"{name}_listen")
        with _few_files(pid, SPARE_FILES), ExitStack() as taken:
            for _ in range(CONNECTIONS):
                with suppress(OSError):
                    taken.enter_context(socket.create_connection((address.host, address.port), timeout=1))
            time.sleep(LIMITED_SECONDS)

    def _expect_all_well(self, after: str) -> None:
        self._expect(self._is_well, f"all is well again after {after}", MENDED_SECONDS)
        self._expect(lambda: self._post()[0] == 202, f"alerts are taken again after {after}", NOTICED_SECONDS)

    def _expect(self, is_true: Callable[[], bool], what: str, seconds: float, *, quiet: bool = False) -> None:
        begun = time.monotonic()
        while not is_true():
            if time.monotonic() - begun > seconds:
                self.problems.append(f"not within {seconds:g} s: {what}; {self._describe()}")
                self.say(self.problems[-1])
                return
            time.sleep(0.2)
        if not quiet:
            self.say(f"  after {time.monotonic() - begun:.1f} s: {what}")

    def _kill(self, name: str) -> None:
        if (pid := self.stack.pid_of(name)) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # -- what can be seen from outside ---------------------------------------------

    def _status(self) -> dict[str, Any]:
        return self.stack.status()

    def _is_unwell(self) -> bool:
        return bool(self._status()["health"] != "ready")

    def _is_well(self) -> bool:
        return self._all_run() and self._status()["health"] == "ready"

    def _all_run(self) -> bool:
        state = self.stack.state()
        return state is not None and all(one["state"] == "running" for one in state["processes"])

    def _troubles(self) -> str:
        return json.dumps(self._status()["troubles"])

    def _told_troubles(self) -> str:
        return json.dumps(read_troubles(self.stack.data))

    def _describe(self) -> str:
        found = self._status()
        told = {key: found[key] for key in ("health", "problem", "troubles")}
        return f"{told} {[(one['name'], one['state'], one['last_end']) for one in found['processes']]}, {self._post()}"

    def _is_refused_for(self, reason: str) -> bool:
        status, text = self._post()
        return status == 503 and reason in text

    def _post(self) -> tuple[int, str]:
        """Post an alert of a group that Alertmanager has cut, of which the webhook logs a line; give the answer, 0 for none."""
        address = self.stack.settings.webhook_listen
        alert = {"status": "firing", "labels": {"alertname": "Short"}, "startsAt": "2026-01-02T03:04:05Z"}
        body = json.dumps({"version": "4", "status": "firing", "truncatedAlerts": 3, "alerts": [alert]})
        status, text = _ask(address, "POST", f"/in/{PROJECTS[0]}/alertmanager", body)
        if status == 202:
            self.told.accept(PROJECTS[0], json.loads(text)["receipt"], 1)
        elif status == 500:
            self.problems.append(f"the webhook answered 500: {text}")
        return status, text

    def _ask_ready(self) -> tuple[int, str]:
        return _ask(self.stack.settings.webhook_listen, "GET", "/-/ready")


def _ask(address: Address, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
    try:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error)
    finally:
        connection.close()


@contextmanager
def _few_files(pid: int, spare: int) -> Iterator[None]:
    """Let a process open only so many files more."""
    opened = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(opened + spare, before[1]), before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
