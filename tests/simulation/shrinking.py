"""From a run that broke to a short inbox that still breaks: its end is cut there, then whatever is not needed is left out.

Bounded in time, since each try costs as much as what is left. Not here: what broke.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from schemas.records import AlertBatch, AlertEvent, Command, Configuration
from tests.simulation.arriving import Arrival
from tests.simulation.check import Broken, check

SECONDS = 60.0
Checker = Callable[[Sequence[Arrival]], object]
"""Runs over arrivals; raises `Broken`."""


@dataclass
class Shrinking:
    """The shortest found so far, and until when to look for a shorter one (`clock` in seconds)."""

    best: Broken
    checker: Checker = check
    seconds: float = SECONDS
    clock: Callable[[], float] = time.monotonic
    ends_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.ends_at = self.clock() + self.seconds

    def run(self) -> Broken:
        """First all other projects at once, then all ticks, then halves, quarters, down to single records and items."""
        self._try([arrival for arrival in self.best.arrivals if not _projects(arrival).isdisjoint(self._named())])
        self._try([arrival for arrival in self.best.arrivals if _projects(arrival) != {""} or _configures(arrival)])
        size = max(1, len(self.best.arrivals) // 2)
        while size and self.clock() < self.ends_at:
            self._without(size)
            size //= 2
        self._without_items()
        return self.best

    def _named(self) -> set[str]:
        """Projects that the problem names, and "" for records that are of none."""
        text = self.best.problems[0]
        return {"", *(project for arrival in self.best.arrivals for project in _projects(arrival) if f"{project}" in text)}

    def _without(self, size: int) -> None:
        start = len(self.best.arrivals)
        while start > 0 and self.clock() < self.ends_at:
            start = max(0, min(start, len(self.best.arrivals)) - size)
            self._try([*self.best.arrivals[:start], *self.best.arrivals[start + size :]])

    def _without_items(self) -> None:
        for place in range(len(self.best.arrivals)):
            for smaller in _smaller(self.best.arrivals[place]) if place < len(self.best.arrivals) else ():
                if self.clock() < self.ends_at:
                    self._try([*self.best.arrivals[:place], smaller, *self.best.arrivals[place + 1 :]])

    def _try(self, arrivals: list[Arrival]) -> None:
        try:
            self.checker(arrivals)
        except Broken as broken:
            if len(broken.arrivals) <= len(self.best.arrivals):
                self.best = broken


def shrink(broken: Broken, checker: Checker = check, seconds: float = SECONDS) -> Broken:
    """Give a breakage after fewer arrivals, the fewest that were found in the time."""
    return Shrinking(broken, checker, seconds).run()


def _projects(arrival: Arrival) -> set[str]:
    if arrival.broken_events is not None:
        return {project for project, _ in arrival.broken_events}
    return {item.project if isinstance(item, AlertBatch | Command) else "" for item in arrival.items}


def _configures(arrival: Arrival) -> bool:
    return any(isinstance(item, Configuration) for item in arrival.items)


def _smaller(arrival: Arrival) -> list[Arrival]:
    alone = [replace(arrival, items=(item,)) for item in arrival.items] if len(arrival.items) > 1 else []
    calm = (
        [replace(arrival, is_written=False, is_last_of_worker=False)] if arrival.is_written or arrival.is_last_of_worker else []
    )
    return [*alone, *calm, *(_with_fewer_events(arrival))]


def _with_fewer_events(arrival: Arrival) -> list[Arrival]:
    """Leave out one event of a batch that stands alone in its record."""
    item = arrival.items[0] if len(arrival.items) == 1 else None
    if not isinstance(item, AlertBatch) or len(item.events) < 2 or item.refusals:
        return []
    rests = [[*item.events[:place], *item.events[place + 1 :]] for place in range(len(item.events))]
    return [replace(arrival, items=(_batch_of(item, rest),)) for rest in rests]


def _batch_of(batch: AlertBatch, events: list[AlertEvent]) -> AlertBatch:
    return AlertBatch(batch.project, batch.integration, batch.format, batch.default_severity, batch.receipt, len(events), events)
