"""Rules of the core to be broken on purpose, each by one patch, so that a test can see that the simulation notices.

Not here: the rules of the chain between writers and readers (`simulation.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from processors.core import again, deduplicate, event, notify, step
from processors.core.conclude import conclude
from processors.core.mute_index import MuteIndex
from processors.core.state import State
from processors.core.work import Round

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
    patch.setattr(again, "_is_stale", lambda work, newest: False)


def _members_are_not_counted_out(patch: pytest.MonkeyPatch) -> None:
    right = event.STEPS
    patch.setattr(event, "STEPS", tuple(function for function in right if function.__name__ != "count"))


def _nobody_looks_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MuteIndex, "look_again", lambda self, project, number: None)


def _told_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = notify._tell_newcomers

    def tell(state: State, incident: Any, *others: Any) -> Any:
        return right(state, replace(incident, told=[]), *others)

    patch.setattr(notify, "_tell_newcomers", tell)


def _timers_never_fire(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(step, "fire_due_timers", lambda state, round: None)


def _each_event_is_concluded_alone(patch: pytest.MonkeyPatch) -> None:
    right = step.process_event

    def process(state: State, batch: Any, event: Any, round: Round) -> Any:
        work = right(state, batch, event, round)
        conclude(round)
        round.firing, round.ended, round.changes = {}, {}, {}
        return work

    patch.setattr(step, "process_event", process)


def _the_first_sender_ends_an_alert(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deduplicate, "after_end", lambda work, alert: [])


def _late_recoveries_end_alerts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deduplicate, "is_late_recovery", lambda work, alert: False)


def _what_people_resolved_fires_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(again, "_is_held", lambda work, newest, resolved_at: False)


def _what_fires_on_is_another_alert(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deduplicate, "judge", lambda work, newest: "new")


RULES: dict[str, Patch] = {
    "the version of an alert does not rise": _versions_stand_still,
    "an outcome of a request is lost": _an_outcome_is_lost,
    "a retry after the recovery is no longer stale": _retries_open_again,
    "an incident does not follow its alerts' ends": _members_are_not_counted_out,
    "nobody looks again when a mute begins or ends": _nobody_looks_again,
    "who was told is not remembered": _told_is_forgotten,
    "no timer fires": _timers_never_fire,
    "what ends closes its incident before the next event": _each_event_is_concluded_alone,
    "a recovery that comes late ends what fires": _late_recoveries_end_alerts,
    "the first of two senders ends an alert": _the_first_sender_ends_an_alert,
    "what a person resolved fires again at once": _what_people_resolved_fires_at_once,
    "what fires on is another alert": _what_fires_on_is_another_alert,
}
