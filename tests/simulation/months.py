"""Months of operation of many projects: storms and trickles, people, silences, new rules, outages, in a random order.

The clock jumps to whatever comes next, or to the next timer that is due. What is due is read from the entities of
the run itself; what arrives is a plain list, which can be run again without this. Not here: what is checked (`check.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from schemas.records import FrameItem
from tests.simulation.arriving import Arrival, some_batch, some_command, tick
from tests.simulation.check import THOROUGH_EVERY, Run
from tests.simulation.judge import Judge
from tests.simulation.looking import next_due
from tests.simulation.rules import configuration
from tests.world import EPOCH

MINUTE, HOUR, DAY = 60, 3600, 86_400
MONTH = 30 * DAY
BETWEEN_HAPPENINGS = 4 * HOUR
"""On average."""
DOOR_SECONDS = 8
"""Between ticks of an open door: closer than the gap after which absences rest."""
LONGEST_OPEN = 10 * MINUTE


def simulate(seed: int, months: float, project_count: int = 50, thorough_every: int = THOROUGH_EVERY) -> Run:
    """Run months of operation; raises `Broken` with all that came before, and the seed in its problems."""
    run = Run(thorough_every, judge=Judge())
    Months(seed, run, project_count).play(months)
    return run


class Months:
    """Everything that happens, from a seed."""

    def __init__(self, seed: int, run: Run, project_count: int = 50) -> None:
        self.chance = Random(seed)
        self.run = run
        self.projects = [f"p{number}" for number in range(project_count)]
        self.now = 0
        self.version = 0

    def play(self, months: float) -> None:
        """Let that much time pass; raises `Broken` from the run."""
        self._arrive(tick(0, "opening"))
        self._configure()
        happenings: list[Callable[[], None]] = [self._storm] * 6 + [self._trickle] * 4 + [self._people] * 4
        happenings += [self._configure, self._clock_stops, self._broken_frame, self._doors_stay_open, self._doors_stay_open]
        while self.now < months * MONTH:
            self._jump(self.now + round(self.chance.expovariate(1 / BETWEEN_HAPPENINGS)))
            self.chance.choice(happenings)()

    # -- time --------------------------------------------------------------------

    def _jump(self, to: int) -> None:
        """Let time pass with a tick of the clock wherever something is due, and one of both at the end."""
        while (due := self._due()) is not None and due < to:
            self.now = max(self.now, due)
            self._arrive(tick(self.now))
        self.now = max(self.now, to)
        self._arrive(tick(self.now, "door"), tick(self.now))

    def _due(self) -> int | None:
        at = next_due(self.run.world.writer.state)
        return None if at is None else -((EPOCH - at) // 1000)

    def _wait(self, seconds: int) -> None:
        """Let a short while pass, in which the clock may have ticked."""
        self.now += seconds
        if self.chance.random() < 0.5:
            self._arrive(tick(self.now))

    def _arrive(self, *items: FrameItem) -> None:
        luck = self.chance.random()
        self.run.take(Arrival(self.now, items, is_written=luck < 0.1, is_last_of_worker=luck < 0.001))

    # -- what happens --------------------------------------------------------------

    def _storm(self) -> None:
        """Many alerts of a project within minutes; people act meanwhile; most of them end."""
        project = self.chance.choice(self.projects)
        for _ in range(self.chance.randint(5, 25)):
            self._wait(self.chance.choice((0, 1, 5, 30, 90)))
            if self.chance.random() < 0.8:
                self._arrive(some_batch(self.chance, project, self.now, self.chance.randint(1, 8)))
            else:
                self._command(project)

    def _trickle(self) -> None:
        """An alert here and there within the hour."""
        for _ in range(self.chance.randint(2, 8)):
            self._wait(self.chance.randint(10, 600))
            self._arrive(some_batch(self.chance, self.chance.choice(self.projects), self.now, 1))

    def _people(self) -> None:
        """Somebody goes through a project's alerts and incidents."""
        project = self.chance.choice(self.projects)
        for _ in range(self.chance.randint(2, 12)):
            self._wait(self.chance.randint(2, 120))
            self._command(project)

    def _command(self, project: str) -> None:
        counted = self.run.world.writer.state.project(project)
        latest = (counted.alerts, counted.incidents)
        self._arrive(some_command(self.chance, project, self.now, MINUTE, latest))

    def _configure(self) -> None:
        self._arrive(configuration(self.chance, self.version, self.projects, MINUTE))
        self.version += 1

    def _clock_stops(self) -> None:
        """No tick for hours, while alerts come as ever."""
        for _ in range(self.chance.randint(2, 10)):
            self.now += self.chance.randint(1, 50 * MINUTE)
            self._arrive(some_batch(self.chance, self.chance.choice(self.projects), self.now, 2))

    def _doors_stay_open(self) -> None:
        """For some minutes both tick as they do always: what stays away is missed."""
        until = self.now + self.chance.randint(MINUTE, LONGEST_OPEN)
        while self.now < until:
            self.now += self.chance.randint(2, DOOR_SECONDS)
            self._arrive(tick(self.now, "door"))
            if self.chance.random() < 0.3:
                self._arrive(tick(self.now))
            if self.chance.random() < 0.1:
                self._arrive(some_batch(self.chance, self.chance.choice(self.projects), self.now, 2))

    def _broken_frame(self) -> None:
        self.run.take(Arrival(self.now, broken_events=((self.chance.choice(self.projects), self.chance.randint(1, 9)),)))
