"""What a door says of its disks."""

from __future__ import annotations

import os
from pathlib import Path

from structlog.testing import capture_logs

from producers.watch_disks import look
from schemas.disk import Disks
from schemas.limits import MEBIBYTE, Limits
from schemas.troubles import Troubles, read_troubles


def test_a_disk_that_is_nearly_full_is_a_trouble_until_there_is_room_and_logged_once(tmp_path: Path) -> None:
    rooms = iter([500, 90, 80, 500])
    disks = Disks(
        "/data",
        Limits(min_free_disk_mebibytes=100),
        lambda _: os.statvfs_result((4096, MEBIBYTE, 1000, 0, next(rooms), 0, 0, 0, 0, 255)),
    )
    troubles, told = Troubles(tmp_path, "webhook"), []
    with capture_logs() as logs:
        for _ in range(4):
            look(disks, troubles)
            told.append(read_troubles(tmp_path).get("webhook"))
    short = "the disk of tocsin's data has {} MiB free, and needs {}"
    assert told == [None, [short.format(90, 100)], [short.format(80, 112)], None]
    assert [line["event"] for line in logs] == ["disk_nearly_full", "disk_has_room_again"]
