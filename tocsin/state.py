"""What one data directory remembers about its stack: who runs it, on what addresses, which processes, the local token.

Not here: the data of Kafka and PostgreSQL themselves.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, TypedDict

from schemas.errors import OperatorError
from schemas.settings import Settings

PATIENCE_SECONDS = 1.0
"""A `tocsin status` that looks holds the lock for a moment, and is no owner."""
POLL_SECONDS = 0.02
STALE_SECONDS = 10.0
"""The supervisor touches the file each second; when it is older than this it could not write it, or hangs."""


class ProcessState(TypedDict):
    """One line of `tocsin status`; `pid` is None while the process is not there.

    `signals` counts by name the signals that it died by; `last_end` says how it ended last, None while it never has.
    """

    name: str
    pid: int | None
    state: str
    restarts: int
    signals: dict[str, int]
    last_end: str | None
    last_end_at: str | None


class StackState(TypedDict):
    """The file DATA/state.json, written at every change; its time of change is renewed while it is true (`renew`)."""

    pid: int
    health: str
    kafka: dict[str, str]
    database_url: str
    addresses: dict[str, str]
    processes: list[ProcessState]
    watched_disks: str


@contextmanager
def hold(data: Path) -> Iterator[None]:
    """Own the data directory; raises `OperatorError` when another supervisor does. The kernel lets go when we end.

    Nobody else may open the lock file: whoever can read it can lock it.
    """
    data.mkdir(mode=0o711, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(data / "lock", flags, 0o600), "a+") as file:
        os.fchmod(file.fileno(), 0o600)  # earlier versions let others read it
        _lock(file, data)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _lock(file: IO[str], data: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.seek(0)
                owner = file.read().strip() or "?"
                raise OperatorError(f"{data} is in use by process {owner}: stop it, or name another --data") from None
        time.sleep(POLL_SECONDS)


def is_held(data: Path) -> bool:
    """Say whether a supervisor runs on this data directory; raises `OperatorError` when it belongs to another user."""
    try:
        with (data / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except PermissionError:
        raise OperatorError(f"{data} belongs to another user: work as that one, or name another --data (TOCSIN_DATA)") from None
    except BlockingIOError:
        return True
    return False


def write(data: Path, state: StackState) -> None:
    """Replace DATA/state.json, whole or not at all."""
    write_private(data / "state.json", json.dumps(state, indent=1) + "\n")


def read(data: Path) -> StackState | None:
    """Read what the running supervisor has written; None when none runs."""
    path = data / "state.json"
    if not is_held(data) or not path.exists():
        return None
    state: StackState = json.loads(path.read_text())
    return state


def renew(data: Path) -> None:
    """Say that DATA/state.json still holds; raises `OSError`."""
    os.utime(data / "state.json")


def seconds_since_written(data: Path, now_millis: int) -> float:
    """Give how long ago the supervisor last wrote or renewed its state; beyond `STALE_SECONDS` it is not to be believed."""
    try:
        return max(0.0, now_millis / 1000 - (data / "state.json").stat().st_mtime)
    except FileNotFoundError:
        return 0.0


def find_servers(settings: Settings) -> Settings:
    """Fill in the embedded servers that run on this data directory, where the settings name none."""
    state = read(settings.data)
    if state is None:
        return settings
    changes: dict[str, Any] = {} if settings.kafka else {name: value for name, value in state["kafka"].items() if value}
    if not settings.database_url:
        changes["database_url"] = state["database_url"]
    return replace(settings, **changes)


def keep_token(data: Path) -> None:
    """Make the local admin token DATA/token, once; the operator's door reads it from there."""
    path = data / "token"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file that only we may read, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    os.replace(unfinished, path)
