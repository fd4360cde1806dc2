"""How many connections the limit of open files has room for. Not here: raising that limit (`schemas/file_limit.py`)."""

from __future__ import annotations

import resource

import structlog

from schemas.errors import SettingsError
from schemas.over_limit import count_over

log = structlog.get_logger()
OTHER_FILES = 128
"""What a door holds besides its listener's connections: Kafka, PostgreSQL's pool, the metrics port, logs; some 60 and spare."""
FEWEST_CONNECTIONS = 16


def connections_within(most: int) -> int:
    """Give how many of so many connections have room, and say so if not all; raises `SettingsError` if hardly any have."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = files - OTHER_FILES
    if files == resource.RLIM_INFINITY or room >= most:
        return most
    what_to_do = f"Raise it to {most + OTHER_FILES} (ulimit -n, LimitNOFILE of systemd), or lower TOCSIN_MAX_CONNECTIONS."
    if room < FEWEST_CONNECTIONS:
        raise SettingsError(f"the limit of {files} open files leaves no room for connections. {what_to_do}")
    log.warning("file_limit_low", files=files, connections=room, wanted=most, help=what_to_do)
    count_over("max_connections")
    return room
