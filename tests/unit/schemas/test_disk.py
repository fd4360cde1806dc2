"""When a disk counts as too full."""

from __future__ import annotations

import os

from schemas.disk import Disks
from schemas.limits import MEBIBYTE, Limits
from schemas.over_limit import OVER

LIMITS = Limits(min_free_disk_mebibytes=80, min_free_disk_inodes=800)


class Disk:
    """A file system of blocks of 1 MiB."""

    def __init__(self, free: int, free_inodes: int = 10_000, inodes: int = 100_000) -> None:
        self.free, self.free_inodes, self.inodes = free, free_inodes, inodes

    def statvfs(self, directory: str) -> os.statvfs_result:
        return os.statvfs_result((4096, MEBIBYTE, 1000, self.free + 50, self.free, self.inodes, 0, self.free_inodes, 0, 255))


def test_a_disk_is_short_below_the_limit_and_no_more_with_an_eighth_above_it() -> None:
    disk = Disk(free=80)
    disks = Disks("/data", LIMITS, disk.statvfs)
    said = []
    for free in (80, 79, 81, 89, 90, 81):
        disk.free = free
        disks.look()
        said.append(disks.words)
    short = "the disk of tocsin's data has {} MiB free, and needs {}"
    assert said == ["", short.format(79, 80), short.format(81, 90), short.format(89, 90), "", ""]


def test_inodes_count_too_where_there_is_a_number_of_them() -> None:
    disks = Disks("/data", LIMITS, Disk(free=500, free_inodes=799).statvfs)
    disks.look()
    assert disks.words == "the disk of tocsin's data has 799 free inodes, and needs 800"
    without = Disks("/data", LIMITS, Disk(free=500, free_inodes=0, inodes=0).statvfs)
    without.look()
    assert without.shortage is None


def test_each_of_several_disks_is_looked_at_and_one_that_cannot_be_is_passed_over() -> None:
    full = Disk(free=1)

    def statvfs(directory: str) -> os.statvfs_result:
        if directory == "/gone":
            raise FileNotFoundError(directory)
        return full.statvfs(directory) if directory == "/full" else Disk(free=500).statvfs(directory)

    disks = Disks("/gone:/wide:/full", LIMITS, statvfs)
    disks.look()
    assert disks.words == "the disk of tocsin's data has 1 MiB free, and needs 80"


def test_nothing_is_short_where_no_disk_is_watched() -> None:
    disks = Disks("", LIMITS, Disk(free=0).statvfs)
    disks.look()
    assert (disks.shortage, disks.words) == (None, "")


def test_a_refusal_is_counted_by_what_is_short() -> None:
    def count(limit: str) -> float:
        return float(OVER.labels(limit)._value.get())

    before = (count("min_free_disk_mebibytes"), count("min_free_disk_inodes"))
    for disk in (Disk(free=1), Disk(free=500, free_inodes=1), Disk(free=500)):
        disks = Disks("/data", LIMITS, disk.statvfs)
        disks.look()
        disks.count_refusal()
    assert (count("min_free_disk_mebibytes"), count("min_free_disk_inodes")) == (before[0] + 1, before[1] + 1)
