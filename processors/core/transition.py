"""What the end of an alert changes in its incident: counts, closing (BEHAVIOUR 6).

Not here: which incident (`correlate.py`), and what is due later (`timers.py`).
"""

from __future__ import annotations

from functools import partial

from processors.core import incidents
from processors.core.attempt import attempt_each
from processors.core.decisions import Key
from processors.core.rules import ProjectRules
from processors.core.state import State
from processors.core.work import IncidentChange, Round, Work
from schemas.records import AlertState, IncidentState

PARTS_MILLIS = 10_000
"""An incident that one part of a request would close stays open for so long: its other parts come within seconds."""


def count(work: Work) -> None:
    """Count the alert in its open incident, or out of it, when it ended or fires again; whether that closes is seen later."""
    if work.before is not None and work.alert is not None and work.before.status != work.alert.status:
        incidents.recount(work.state, work.before, work.alert)


def transition(round: Round) -> None:
    """Close the incidents whose last firing alert has ended."""
    attempt_each(round.state, sorted(round.ended), partial(_close, round), _problem)


def _close(round: Round, key: Key) -> None:
    state, changes = round.state, list[IncidentChange]()
    incident = state.incidents.get(key)
    if incident is not None and incident.is_open:
        close_if_quiet(state, state.rules.of(key[0]), incident, changes, PARTS_MILLIS if round.is_part else 0)
    for change in changes:
        round.note(change)


def _problem(key: Key, error: Exception) -> str:
    return f"incident {key[0]}/{key[1]} could not be closed: {error!r}"


def note_end(
    state: State, rules: ProjectRules, incident: IncidentState, before: AlertState, changes: list[IncidentChange]
) -> None:
    """Count an alert of an open incident out that has ended, and close the incident when it was the last."""
    if before.counts_as_firing:  # one that was ignored kept nothing open
        incident = state.change_incident(incident, firing=incident.firing - 1)
        close_if_quiet(state, rules, incident, changes)


def close_if_quiet(
    state: State, rules: ProjectRules, incident: IncidentState, changes: list[IncidentChange], wait_millis: int = 0
) -> None:
    """Resolve an open incident, or begin to wait, when none of its alerts fires any more and its rule says so.

    `wait_millis`: wait at least so long.
    """
    if incident.firing > 0:
        return
    rule = rules.incident_rule(incident.rule)
    if rule is not None and rule.resolve == "never":
        return
    wait = max(wait_millis, 0 if rule is None else rule.resolve_after)
    if wait > 0:
        state.change_incident(incident, resolve_at=state.now + wait)
        return
    incidents.resolve_as_quiet(state, incident, "resolved: all of its alerts are")
    changes.append(IncidentChange(incident.project, incident.number, "resolved"))
