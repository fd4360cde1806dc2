"""How a child process is started so that it can be stopped, and cannot outlive us.

Each child leads a session of its own (a Ctrl-C on the terminal reaches the supervisor alone) and asks the kernel for a
signal when its parent dies. Not here: watching and restarting (`tocsin/supervisor.py`).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Child:
    """One process to run.

    `stop_signal` asks it to end in good order; `orphan_signal` is what the kernel sends it when we are gone, so it must
    end it for sure. `user` and `group` are numeric, None for ours.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    user: int | None = None
    group: int | None = None


def popen_options(child: Child) -> dict[str, Any]:
    """Give the keyword arguments for Popen. Call it from a thread that lives as long as the child should.

    The kernel's signal comes when the *thread* that forked ends, not only when the process does; the supervisor and the
    test fixtures fork from their main thread.
    """
    options: dict[str, Any] = {
        "env": dict(child.environment),
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
        "preexec_fn": _die_with(os.getpid(), child.orphan_signal),
    }
    if child.user is not None:
        options |= {"user": child.user, "group": child.group, "extra_groups": [], "cwd": "/"}
    return options


def start(child: Child, log: Path) -> subprocess.Popen[bytes]:
    """Start a child with its output appended to a file."""
    with log.open("ab") as output:
        return subprocess.Popen(child.argv, stdout=output, stderr=subprocess.STDOUT, **popen_options(child))


def run(child: Child, timeout_seconds: float) -> tuple[int, str]:
    """Run a child to its end; give its exit code and all that it wrote."""
    done = subprocess.run(
        child.argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout_seconds, check=False, **popen_options(child)
    )
    return done.returncode, done.stdout.decode(errors="replace")


def stop(process: subprocess.Popen[bytes], child: Child, timeout_seconds: float) -> None:
    """Ask a child to end, and end it."""
    if process.poll() is None:
        process.send_signal(child.stop_signal)
        try:
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            kill(process.pid)
            process.wait()


def kill(pid: int) -> None:
    """End a child and whatever it has started in its own group."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it was quicker


def open_log(path: Path) -> IO[bytes]:
    """Open a log for appending; readable by its owner only, since a log may name hosts and alerts."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab", buffering=0)


def _die_with(parent: int, orphan_signal: signal.Signals) -> Callable[[], None]:
    def prepare() -> None:
        # Runs in the child after it has changed its user: changing it later would clear the request.
        _libc.prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died between fork and the line above
            os._exit(1)

    return prepare
