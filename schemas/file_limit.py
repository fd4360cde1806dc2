"""How many files a process may have open, raised at its start. Not here: what that leaves for connections."""

from __future__ import annotations

import resource
from contextlib import suppress

ENOUGH_FILES = 65_536
"""Where the system has no limit at all, some libraries still go through every number below it."""


def raise_file_limit() -> None:
    """Raise the soft limit of open files towards the hard one, for us and those that we start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # some systems have a limit below the hard one; what counts is compared later
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
