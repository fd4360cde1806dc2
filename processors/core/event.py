"""The steps that an alert event goes through, in their order; all of them, or none.

Not here: what each does; the rest of an inbox record (`step.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from processors.core.correlate import correlate
from processors.core.deduplicate import deduplicate
from processors.core.notify import notify
from processors.core.state import State
from processors.core.transition import transition
from processors.core.work import Work
from schemas.errors import TocsinError
from schemas.records import AlertBatch, AlertEvent, EventOutcome

STEPS: tuple[Callable[[Work], None], ...] = (deduplicate, correlate, transition, notify)
FAULTS = (MemoryError, ImportError, SystemError)
"""Errors that are not a function of the record: they stop the worker instead of rejecting an event."""


def process_event(state: State, batch: AlertBatch, event: AlertEvent) -> EventOutcome:
    """Take one event through all steps; whatever goes wrong undoes it and becomes a rejection. Raises only `FAULTS`."""
    work = Work(state, state.rules.of(batch.project), batch, event)
    try:
        with state.all_or_nothing():
            for step in STEPS:
                step(work)
    except FAULTS:
        raise
    except Exception as error:  # noqa: BLE001 - the event is to blame, or a rule: the others go on, and its receipt says why
        reason = str(error) if isinstance(error, TocsinError) else f"{type(error).__name__}: {error}"
        return EventOutcome(event.index, "rejected", reason=reason)
    alert = work.alert
    assert work.outcome is not None
    if alert is None:
        return EventOutcome(event.index, work.outcome)
    return EventOutcome(event.index, work.outcome, alert.number, alert.incident, alert.suppressed_by)
