"""Measures how long one request takes to show in each sink: from just before it is sent to when somebody else can see it.

Each sink is watched from a thread of its own that looks every few milliseconds, so a figure may be too large by that much and
is never too small. Not here: what is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import psycopg

from schemas.errors import Unavailable

LOOK_SECONDS = 0.003
PATIENCE_SECONDS = 15.0
NEWEST = "SELECT status FROM tocsin.alerts WHERE project = 'shop' AND title = %s ORDER BY number DESC LIMIT 1"
Watch = Callable[[], bool]
"""Says whether the change can be seen now."""


@dataclass(slots=True)
class Times:
    """The milliseconds of many requests, by where they ended. A change that never showed has no number."""

    by_end: dict[str, list[float]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    def add(self, end: str, millis: float | None) -> None:
        """Note one measurement; None for a change that did not show in time."""
        if millis is None:
            self.missed.append(end)
        else:
            self.by_end.setdefault(end, []).append(millis)

    def rows(self) -> Iterator[tuple[str, float, float, int]]:
        """Give end, median, maximum and count of each, in the order in which they were first noted."""
        for end, values in self.by_end.items():
            yield end, median(values), max(values), len(values)


def measure(send: Callable[[], float], watches: dict[str, Watch]) -> dict[str, float | None]:
    """Send, and give the milliseconds until each watch saw the change; None for one that did not within 15 s."""
    with ThreadPoolExecutor(len(watches)) as pool:
        begun = time.monotonic()
        futures = {end: pool.submit(_seen_at, watch, begun + PATIENCE_SECONDS) for end, watch in watches.items()}
        answered = send()
        seen = {end: future.result() for end, future in futures.items()}
    return {"answer 202": answered, **{end: None if at is None else (at - begun) * 1000 for end, at in seen.items()}}


def _seen_at(is_visible: Watch, deadline: float) -> float | None:
    while (now := time.monotonic()) < deadline:
        if is_visible():
            return time.monotonic()
        time.sleep(max(0.0, LOOK_SECONDS - (time.monotonic() - now)))
    return None


@contextmanager
def row_watch(url: str, title: str, status: str) -> Iterator[Watch]:
    """Watch PostgreSQL for the newest alert of a title to have a status."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            yield lambda: connection.execute(NEWEST, [title]).fetchone() == (status,)
    except psycopg.Error as error:
        raise Unavailable(f"PostgreSQL: {str(error).strip()}") from error
