"""Writes lines to a file descriptor so that whoever writes comes to no harm: nothing is raised, and no reader is waited for long.

For logs and terminals, which only report: a full disk, a closed pipe or a reader that has stopped costs lines. Not here: what is
written.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from threading import RLock

PATIENCE_SECONDS = 0.2
"""How long a pipe or terminal may stay full before lines are lost; once lost, none is waited for until it takes one again."""
PIECE_BYTES = 4096
"""A pipe that polls as writable takes so much without blocking (PIPE_BUF, pipe(7))."""


class LineWriter:
    """Writes to one descriptor, which stays its owner's; may be used from any thread."""

    def __init__(self, descriptor: int, count_lost: Callable[[], None] = lambda: None) -> None:
        """`count_lost` is called for each line that was not taken."""
        self._descriptor = descriptor
        self._count_lost = count_lost
        self._lock = RLock()  # garbage that is collected in the middle of a line may have something to log, in this thread
        self._is_cut = False
        self._lost = 0
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self.trouble = ""
        """Why the last line was not taken; empty: it was."""

    def write_line(self, line: bytes) -> bool:
        """Write a line, given without its end; False: it is lost, wholly or in part."""
        with self._lock:
            head = b"\n" if self._is_cut else b""
            if self._lost:
                head += b"(%d lines are missing here: %s)\n" % (self._lost, self.trouble.encode())
            try:
                self._put(head + line + b"\n")
            except (OSError, ValueError) as error:  # ValueError: the descriptor is closed
                self._lose(getattr(error, "strerror", None) or str(error))
                return False
            self._lost, self.trouble = 0, ""
            return True

    def _put(self, data: bytes) -> None:
        left = data
        while left:
            if not self._poll.poll(0 if self._lost else PATIENCE_SECONDS * 1000):
                raise TimeoutError(0, "nobody reads it")
            written = os.write(self._descriptor, left[:PIECE_BYTES])
            left = left[written:]
            self._is_cut = bool(left)

    def _lose(self, why: str) -> None:
        self._lost += 1
        self.trouble = why
        self._count_lost()
