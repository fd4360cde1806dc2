"""One run of a partition over what arrives: the worker, the auditor and the naive model side by side.

Not here: what arrives, and what is checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from processors.core.decisions import Decisions
from tests.simulation.arriving import Arrival
from tests.simulation.audit import Audit, recovered_differently
from tests.simulation.judge import Judge
from tests.world import World

THOROUGH_EVERY = 200
"""Records after which also what a record did not touch is looked at: as dear as a hundred of the others."""


@dataclass
class Broken(Exception):
    """Something did not hold after the last of these arrivals."""

    problems: list[str]
    arrivals: list[Arrival]

    def __str__(self) -> str:
        return "\n".join([*self.problems[:5], "after", *map(str, self.arrivals)])


@dataclass
class Run:
    """Takes arrivals one at a time, and raises `Broken` at the first after which something does not hold."""

    thorough_every: int = THOROUGH_EVERY
    world: World = field(default_factory=World)
    audit: Audit = field(default_factory=Audit)
    arrivals: list[Arrival] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    judge: Judge | None = None

    def take(self, arrival: Arrival) -> Decisions:
        """Let the worker take a record and look at what it made of it."""
        self.arrivals.append(arrival)
        record = arrival.record(len(self.arrivals) - 1)
        decisions = self.world.writer.take(record)
        assert decisions is not None
        self.outcomes.update(event.outcome for outcome in decisions.outcomes for event in outcome.events)
        is_thorough = len(self.arrivals) % self.thorough_every == 0
        problems = self.audit.after(arrival, decisions, self.world.writer.state, is_thorough)
        problems += self.judge.after(arrival, decisions, self.world.writer.state) if self.judge is not None else ()
        if arrival.is_written or arrival.is_last_of_worker:
            self.world.write()
        if arrival.is_last_of_worker:
            problems += self._replace_worker()
        if problems:
            raise Broken(problems, self.arrivals)
        return decisions

    def summary(self) -> str:
        """Say how much happened."""
        projects = self.world.writer.state.projects.values()
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.outcomes.items()))
        made = f"{sum(p.alerts for p in projects)} alerts, {sum(p.incidents for p in projects)} incidents"
        return f"{len(self.arrivals)} records, {made}, {self.world.writers} workers; {kinds}"

    def _replace_worker(self) -> list[str]:
        live = self.world.writer.state
        self.world.restart()
        return recovered_differently(live, self.world.writer.state)


def check(arrivals: Iterable[Arrival], thorough_every: int = THOROUGH_EVERY, with_model: bool = True) -> Run:
    """Run over all arrivals; raises `Broken`. The model needs frames of one item: it sees muting only between records."""
    run = Run(thorough_every, judge=Judge() if with_model else None)
    for arrival in arrivals:
        run.take(arrival)
    return run
