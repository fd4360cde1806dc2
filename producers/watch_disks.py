"""Looking at the disks each second, and saying what is short: for each door. Not here: refusing (the doors do)."""

from __future__ import annotations

import asyncio

import structlog

from schemas.disk import LOOK_SECONDS, Disks
from schemas.troubles import Troubles

log = structlog.get_logger()


async def watch_disks(disks: Disks, troubles: Troubles) -> None:
    """Look until cancelled."""
    while True:
        look(disks, troubles)
        await asyncio.sleep(LOOK_SECONDS)


def look(disks: Disks, troubles: Troubles) -> None:
    """Look once, and tell what has changed."""
    was_short = disks.shortage is not None
    disks.look()
    troubles.tell("disk", disks.words)
    if disks.shortage is not None and not was_short:
        log.warning("disk_nearly_full", reason=disks.words)
    if disks.shortage is None and was_short:
        log.info("disk_has_room_again")
