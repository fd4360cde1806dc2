"""What children say, on the terminal with their names in front, and in a log file each. Not here: what it means."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from schemas.line_writer import LineWriter
from tocsin.embedded.launch import open_log
from tocsin.harmless import harmless_bytes

NAME_WIDTH = 18
MAX_LOG_BYTES = 20 * 1024 * 1024
"""A log that has grown beyond is kept once, as NAME.log.1."""
STDOUT = 1
TROUBLE_SECONDS = 10.0
"""So long after a line was lost it is a trouble: a short one may still fit where the next does not, and not all logs are busy."""


@dataclass(frozen=True, slots=True)
class Log:
    """An open log file."""

    file: IO[bytes]
    writer: LineWriter


class Output:
    """Writes whole lines. It only reports: neither a full disk nor a terminal that has gone is a reason to stop, nor raises."""

    def __init__(self, directory: Path, terminal: int = STDOUT, now: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._now = now
        self._lost = ""
        self._lost_at = 0.0
        self._logs: dict[str, Log] = {}
        self._terminal = LineWriter(terminal)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, name: str, line: bytes) -> None:
        """Write one line, without its end, as said by `name`; what a sender wrote into it cannot rewrite the screen."""
        line = harmless_bytes(line)
        self._terminal.write_line(name.ljust(NAME_WIDTH).encode() + line)
        try:
            writer = self._log(name).writer
        except OSError as error:
            self._lose(str(error.strerror))
        else:
            if not writer.write_line(line):
                self._lose(writer.trouble)

    @property
    def trouble(self) -> str:
        """Say why lines are missing in the log files; empty when none was lost lately."""
        return self._lost if self._lost and self._now() < self._lost_at + TROUBLE_SECONDS else ""

    def say(self, text: str) -> None:
        """Write a line of our own."""
        self.write("tocsin", text.encode())

    def close(self) -> None:
        """Close the files."""
        for log in self._logs.values():
            with suppress(OSError):
                log.file.close()
        self._logs.clear()

    def _lose(self, why: str) -> None:
        self._lost, self._lost_at = why, self._now()

    def _log(self, name: str) -> Log:
        log = self._logs.get(name)
        if log is not None and log.file.tell() <= MAX_LOG_BYTES:
            return log
        if log is not None:
            del self._logs[name]
            log.file.close()
        path = self._directory / f"{name}.log"
        with suppress(OSError):  # then it grows until it can be put aside
            if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
        file = open_log(path)
        self._logs[name] = Log(file, LineWriter(file.fileno()))
        return self._logs[name]
