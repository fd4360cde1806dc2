"""From a run that broke to the shortest inbox that still breaks: the end is cut, then whatever is not needed is left out.

Bounded by a count of runs, since each costs as much as what is left. Not here: what broke.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.simulation.arriving import Arrival
from tests.simulation.check import Broken, check

MAX_RUNS = 400
Checker = Callable[[Sequence[Arrival]], object]
"""Runs over arrivals; raises `Broken`."""


def check_thoroughly(arrivals: Sequence[Arrival]) -> object:
    return check(arrivals, thorough_every=1)


def shrink(broken: Broken, checker: Checker = check_thoroughly, max_runs: int = MAX_RUNS) -> Broken:
    """Give the same kind of breakage after fewer arrivals: halves are left out, then quarters, down to single ones."""
    best, runs, size = broken, 0, max(1, len(broken.arrivals) // 2)
    while size and runs < max_runs:
        start = len(best.arrivals)
        while start > 0 and runs < max_runs:
            start, runs = max(0, start - size), runs + 1
            kept = [*best.arrivals[:start], *best.arrivals[start + size :]]
            best = _still_broken(kept, checker) or best
            start = min(start, len(best.arrivals))
        size //= 2
    return _without_items(best, checker, max_runs)


def _without_items(best: Broken, checker: Checker, max_runs: int) -> Broken:
    """Leave out single items of frames, and what happens to workers."""
    for place in range(min(len(best.arrivals), max_runs // 4)):
        arrival = best.arrivals[place] if place < len(best.arrivals) else Arrival(0)
        smaller = [replace(arrival, is_written=False, is_last_of_worker=False)]
        smaller += [replace(arrival, items=(item,)) for item in arrival.items if len(arrival.items) > 1]
        for other in smaller:
            if other != arrival:
                best = _still_broken([*best.arrivals[:place], other, *best.arrivals[place + 1 :]], checker) or best
    return best


def _still_broken(arrivals: list[Arrival], checker: Checker) -> Broken | None:
    try:
        checker(arrivals)
    except Broken as broken:
        return broken
    return None
