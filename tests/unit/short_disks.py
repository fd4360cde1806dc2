"""Disks without room, for tests of who refuses then. Not here: any test."""

from __future__ import annotations

import os

from schemas.disk import Disks
from schemas.limits import MEBIBYTE, Limits


def disks_with(free_mebibytes: int) -> Disks:
    """Give disks that have been looked at; 100 MiB must be free."""
    found = os.statvfs_result((4096, MEBIBYTE, 1000, free_mebibytes, free_mebibytes, 0, 0, 0, 0, 255))
    disks = Disks("/data", Limits(min_free_disk_mebibytes=100), lambda _: found)
    disks.look()
    return disks
