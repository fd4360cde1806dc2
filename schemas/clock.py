"""The wall clock, for the edges of processes alone: everything behind them is given the time."""

from __future__ import annotations

import time


def now_millis() -> int:
    """Give the machine's time in whole milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000
