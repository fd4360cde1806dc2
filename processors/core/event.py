"""The steps that one alert event goes through by itself; all of them, or none.

Not here: what each does; what the events of a batch do to incidents together (`conclude.py`); the rest of an inbox
record (`step.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from processors.core.attempt import attempt
from processors.core.deduplicate import deduplicate
from processors.core.incidents import is_worse
from processors.core.state import State
from processors.core.transition import count
from processors.core.work import Round, Work
from schemas.errors import TocsinError
from schemas.reasons import unknown_status
from schemas.records import AlertBatch, AlertEvent, AlertState, EventOutcome

STEPS: tuple[Callable[[Work], None], ...] = (deduplicate, count)


def process_event(state: State, batch: AlertBatch, event: AlertEvent, round: Round) -> Work | EventOutcome:
    """Take one event in, and note in the round what it touched; whatever goes wrong undoes it and becomes a rejection.

    Raises only `FAULTS`.
    """
    work = Work(state, state.rules.of(batch.project), batch, event)
    error = attempt(state, partial(_take_steps, work))
    if error is not None:
        reason = str(error) if isinstance(error, TocsinError) else f"{type(error).__name__}: {error}"
        return EventOutcome(event.index, "rejected", reason=reason)
    if work.alert is not None:
        _note(round, work, work.alert)
    return work


def outcome_of(work: Work | EventOutcome) -> EventOutcome:
    """Say what became of an event, once its round is concluded."""
    if isinstance(work, EventOutcome):
        return work
    assert work.outcome is not None
    event = work.event
    reason = work.reason if event.unknown_status is None else unknown_status(event.unknown_status)
    if work.alert is None:
        return EventOutcome(event.index, work.outcome, reason=reason)
    alert = work.state.alerts[work.alert.project, work.alert.number]
    return EventOutcome(event.index, work.outcome, alert.number, alert.incident, alert.suppressed_by, reason)


def _take_steps(work: Work) -> None:
    for step in STEPS:
        step(work)


def _note(round: Round, work: Work, alert: AlertState) -> None:
    """Have looked at what may change an incident; most events repeat what is known, and change none."""
    if work.outcome == "recovered":
        was_firing = work.before is not None and work.before.counts_as_firing  # one that was ignored kept nothing open
        if was_firing and alert.incident is not None:
            round.ended[alert.project, alert.incident] = None
    elif work.outcome != "stale" and alert.counts_as_firing and not _is_known(work.state, alert):
        round.firing[alert.project, alert.number] = None


def _is_known(state: State, alert: AlertState) -> bool:
    """Whether its incident is open and has seen it as bad."""
    incident = state.incident_of(alert)
    if incident is None or not incident.is_open:
        return False
    return alert.severity == alert.worst_severity or not is_worse(alert.severity, alert.worst_severity)
