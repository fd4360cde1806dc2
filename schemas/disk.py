"""Whether the disks that the embedded servers write to have room, so that a door refuses while there is still some left.

A full disk ends Kafka and PostgreSQL; they come back when there is room, but until then nothing can be accepted nor said.
Not here: who refuses (the webhook, the operator), and which disks these are (`tocsin/up.py` tells its children).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from schemas.limits import MEBIBYTE, Limits
from schemas.over_limit import count_over

LOOK_SECONDS = 1.0
MARGIN = 8
"""A disk that was too full has room again with an eighth more than the limit, so that the door does not flap."""
SEPARATOR = ":"


class Shortage(NamedTuple):
    """What there is too little of; the words name no path, since senders read them."""

    kind: Literal["space", "inodes"]
    words: str


class Disks:
    """Some directories' disks; `look` is to be called each `LOOK_SECONDS`, the rest is cheap. For one thread or loop."""

    def __init__(self, watched: str, limits: Limits, statvfs: Callable[[str], os.statvfs_result] = os.statvfs) -> None:
        """`watched` is the setting; empty: there is always room."""
        self._directories = [path for path in watched.split(SEPARATOR) if path]
        self._limits = limits
        self._statvfs = statvfs
        self.shortage: Shortage | None = None

    @property
    def words(self) -> str:
        """Say what is short; empty while nothing is."""
        return self.shortage.words if self.shortage else ""

    def look(self) -> None:
        """Ask the file systems. A directory that cannot be asked about is nobody's reason to refuse."""
        self.shortage = next(self._find_shortages(), None)

    def count_refusal(self) -> None:
        """Count what is refused because of the shortage."""
        if self.shortage is not None and self.shortage.kind == "inodes":
            count_over("min_free_disk_inodes")
        elif self.shortage is not None:
            count_over("min_free_disk_mebibytes")

    def _find_shortages(self) -> Iterator[Shortage]:
        for directory in self._directories:
            try:
                found = self._statvfs(directory)
            except OSError:
                continue
            free, least = found.f_bavail * found.f_frsize // MEBIBYTE, self._least(self._limits.min_free_disk_mebibytes)
            if free < least:
                yield Shortage("space", f"the disk of tocsin's data has {free} MiB free, and needs {least}")
            free, least = found.f_favail, self._least(self._limits.min_free_disk_inodes)
            if found.f_files and free < least:  # some file systems have no fixed number, and say 0
                yield Shortage("inodes", f"the disk of tocsin's data has {free} free inodes, and needs {least}")

    def _least(self, limit: int) -> int:
        return limit + limit // MARGIN if self.shortage else limit
