"""What the events of one batch, a command or a tick do to incidents, decided when all of it has been taken in.

So the order of the events within a request is of no account (BEHAVIOUR 6): what ends in it closes no incident that another
alert of it keeps open, and what opens one is counted together. Not here: what each step does.
"""

from __future__ import annotations

from collections.abc import Callable

from processors.core.correlate import correlate
from processors.core.notify import notify
from processors.core.state import State
from processors.core.suppress import suppress
from processors.core.transition import transition
from processors.core.work import Round

STEPS: tuple[Callable[[Round], None], ...] = (suppress, correlate, transition, notify)


def conclude(round: Round) -> None:
    """Take what was touched through all steps.

    Raises only `FAULTS`: what else goes wrong is undone alone, and told as a problem.
    """
    cause = round.state.cause
    index = cause.index
    for step in STEPS:
        step(round)
    cause.index = index


def settle(state: State) -> None:
    """Conclude what touched no alert by itself: what is muted now, or no longer."""
    conclude(Round(state))
