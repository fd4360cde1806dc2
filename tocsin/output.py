"""What children say, on the terminal with their names in front, and in a log file each. Not here: what it means."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from tocsin.embedded.launch import open_log

NAME_WIDTH = 18
MAX_LOG_BYTES = 20 * 1024 * 1024
"""A log that has grown beyond is kept once, as NAME.log.1."""


class Output:
    """Writes whole lines. A terminal that has gone away is no reason to stop: the files go on."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._logs: dict[str, IO[bytes]] = {}
        self._terminal_is_there = True
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, name: str, line: bytes) -> None:
        """Write one line, without its end, as said by `name`."""
        self._log(name).write(line + b"\n")
        if not self._terminal_is_there:
            return
        try:
            sys.stdout.buffer.write(name.ljust(NAME_WIDTH).encode() + line + b"\n")
            sys.stdout.buffer.flush()
        except OSError:
            self._terminal_is_there = False

    def say(self, text: str) -> None:
        """Write a line of our own."""
        self.write("tocsin", text.encode())

    def close(self) -> None:
        """Close the files."""
        for log in self._logs.values():
            log.close()
        self._logs.clear()

    def _log(self, name: str) -> IO[bytes]:
        path = self._directory / f"{name}.log"
        log = self._logs.get(name)
        if log is None or log.tell() > MAX_LOG_BYTES:
            if log is not None:
                log.close()
            if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
            log = self._logs[name] = open_log(path)
        return log
