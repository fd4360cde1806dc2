"""Rules of the core to be broken on purpose, each by one patch, so that a test can see that the simulation notices.

Not here: the rules of the chain between writers and readers (`simulation.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from processors.core import deduplicate, event, notify, step
from processors.core.mute_index import MuteIndex
from processors.core.state import State

Patch = Callable[[pytest.MonkeyPatch], None]


def _versions_stand_still(patch: pytest.MonkeyPatch) -> None:
    right = State.put_alert
    patch.setattr(State, "change_alert", lambda self, alert, **changes: _put(self, right, alert, changes))


def _put(state: State, put: Any, alert: Any, changes: dict[str, Any]) -> Any:
    changed = replace(alert, **changes)
    put(state, changed)
    return changed


def _an_outcome_is_lost(patch: pytest.MonkeyPatch) -> None:
    right = step._process_batch

    def process(state: State, place: int, batch: Any) -> None:
        right(state, place, batch)
        if len(batch.events) > 1:
            state.decisions.outcomes[-1].events.pop()

    patch.setattr(step, "_process_batch", process)


def _retries_open_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deduplicate, "_is_stale", lambda work, newest: False)


def _members_are_not_counted_out(patch: pytest.MonkeyPatch) -> None:
    right = event.STEPS
    patch.setattr(event, "STEPS", tuple(function for function in right if function.__name__ != "transition"))


def _nobody_looks_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MuteIndex, "look_again", lambda self, project, number: None)


def _told_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = notify._tell_newcomers

    def tell(state: State, incident: Any, *others: Any) -> Any:
        return right(state, replace(incident, told=[]), *others)

    patch.setattr(notify, "_tell_newcomers", tell)


def _timers_never_fire(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(step, "fire_due_timers", lambda state: None)


RULES: dict[str, Patch] = {
    "the version of an alert does not rise": _versions_stand_still,
    "an outcome of a request is lost": _an_outcome_is_lost,
    "a retry after the recovery is no longer stale": _retries_open_again,
    "an incident does not follow its alerts' ends": _members_are_not_counted_out,
    "nobody looks again when a mute begins or ends": _nobody_looks_again,
    "who was told is not remembered": _told_is_forgotten,
    "no timer fires": _timers_never_fire,
}
