"""The steps that an alert event goes through, in their order; all of them, or none.

Not here: what each does; the rest of an inbox record (`step.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from processors.core.attempt import attempt
from processors.core.correlate import correlate
from processors.core.deduplicate import deduplicate
from processors.core.notify import notify
from processors.core.state import State
from processors.core.suppress import suppress
from processors.core.transition import transition
from processors.core.work import Work
from schemas.errors import TocsinError
from schemas.records import AlertBatch, AlertEvent, EventOutcome

STEPS: tuple[Callable[[Work], None], ...] = (deduplicate, suppress, correlate, transition, notify)


def process_event(state: State, batch: AlertBatch, event: AlertEvent) -> EventOutcome:
    """Take one event through all steps; whatever goes wrong undoes it and becomes a rejection. Raises only `FAULTS`."""
    work = Work(state, state.rules.of(batch.project), batch, event)
    error = attempt(state, lambda: _take_steps(work))
    if error is not None:
        reason = str(error) if isinstance(error, TocsinError) else f"{type(error).__name__}: {error}"
        return EventOutcome(event.index, "rejected", reason=reason)
    alert = work.alert
    assert work.outcome is not None
    if alert is None:
        return EventOutcome(event.index, work.outcome)
    return EventOutcome(event.index, work.outcome, alert.number, alert.incident, alert.suppressed_by)


def _take_steps(work: Work) -> None:
    for step in STEPS:
        step(work)
