"""Alerts that come and go too often to tell of each time (BEHAVIOUR 4, "Flapping").

The changes between firing and resolved belong to the condition: a new alert takes them over from the one before it.
Not here: what is not told meanwhile (`notify.py`), the timer (`timers.py`).
"""

from __future__ import annotations

from typing import TypedDict

from processors.core.state import State
from schemas.records import AlertState


class Changed(TypedDict):
    """The fields of an alert after its condition has changed."""

    changes: list[int]
    is_flapping: bool
    steady_at: int | None


def note_change(state: State, project: str, before: AlertState | None) -> Changed:
    """Count a change of the condition that `before` is the newest alert of; None: it has never fired before."""
    if before is None:
        return Changed(changes=[], is_flapping=False, steady_at=None)
    settings, now = state.rules.of(project).project, state.now
    recent = [at for at in before.changes if now - at < settings.flap_window]
    changes = [*recent, now][-(settings.flap_after + 1) :]
    is_flapping = len(changes) > settings.flap_after or before.is_flapping
    return Changed(changes=changes, is_flapping=is_flapping, steady_at=now + settings.flap_window if is_flapping else None)
