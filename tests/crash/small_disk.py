"""A disk of our own that can be full: a file system in memory whose size is changed while it is used.

It is mounted in a mount namespace of our own, where root and everybody else may do so. Not here: what is done with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

INSIDE = "--inside-a-namespace"
MEBIBYTE = 1024 * 1024
ATTEMPTS, SLACK_BYTES = 40, 65_536


def enter_namespace(module: str) -> None:
    """Start this program anew where it may mount; returns at once in the new one. Everything it starts is there too."""
    if INSIDE in sys.argv:
        sys.argv.remove(INSIDE)
        return
    own = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    command = ["unshare", "--mount", *own, "--", sys.executable, "-m", module, INSIDE, *sys.argv[1:]]
    os.execvp(command[0], command)


@dataclass(frozen=True)
class SmallDisk:
    """What is mounted on a directory; as large as `mebibytes` allow, and in memory only as large as what is on it."""

    directory: Path
    mebibytes: int

    def fill(self, leave_mebibytes: int = 0) -> None:
        """Leave so much room, give or take what is written at this moment: a disk cannot be made smaller than what is on it."""
        for attempt in range(ATTEMPTS):
            found = os.statvfs(self.directory)
            used = (found.f_blocks - found.f_bfree) * found.f_frsize
            if self._resize(used + leave_mebibytes * MEBIBYTE + attempt * SLACK_BYTES):
                return
        raise AssertionError(f"{self.directory} could not be filled")

    def free(self) -> None:
        """Make room again."""
        assert self._resize(self.mebibytes * MEBIBYTE), f"{self.directory} could not be freed"

    def _resize(self, size: int) -> bool:
        command = ["mount", "-o", f"remount,size={size}", str(self.directory)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0


@contextmanager
def mounted(directory: Path, mebibytes: int, mode: str) -> Iterator[SmallDisk]:
    """Mount a disk on a directory, which is made if need be."""
    directory.mkdir(exist_ok=True)
    options = f"size={mebibytes}m,mode={mode}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)], check=True)
    try:
        yield SmallDisk(directory, mebibytes)
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=False)
