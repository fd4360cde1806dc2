"""Counting what a limit refused or cut, alike in each process. Not here: the limits themselves (`limits.py`)."""

from __future__ import annotations

from prometheus_client import Counter

OVER = Counter("tocsin_over_limit_total", "What was refused or cut because of a limit, by the limit's setting", ["limit"])


def count_over(limit: str, count: int = 1) -> None:
    """Count what went beyond a limit; `limit` is the name of its field in `Limits`."""
    OVER.labels(limit).inc(count)
