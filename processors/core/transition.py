"""What an alert's event changes in its incident: counts, severity, closing (BEHAVIOUR 6).

Not here: which incident (`correlate.py`), and what is due later (`timers.py`).
"""

from __future__ import annotations

from processors.core import incidents
from processors.core.rules import ProjectRules
from processors.core.state import State
from processors.core.work import IncidentChange, Work
from schemas.records import AlertState, IncidentState


def transition(work: Work) -> None:
    """Bring the alert's open incident up to date with the alert."""
    alert, state = work.alert, work.state
    if alert is None or alert.incident is None or work.outcome not in ("merged", "recovered"):
        return
    incident = state.incidents.get((alert.project, alert.incident))
    if incident is None or not incident.is_open:
        return
    if work.outcome == "recovered" and work.before is not None:
        note_end(state, work.rules, incident, work.before, work.changes)
    elif alert.counts_as_firing and alert.suppressed_by is None:  # what people ignore worsens nothing
        incident, rose = incidents.note_worse(state, incident, alert)
        if rose:
            work.changes.append(IncidentChange(incident.project, incident.number, "severity_raised"))


def note_end(
    state: State, rules: ProjectRules, incident: IncidentState, before: AlertState, changes: list[IncidentChange]
) -> None:
    """Count an alert of an open incident out that has ended, and close the incident when it was the last."""
    if before.counts_as_firing:  # one that was ignored kept nothing open
        incident = state.change_incident(incident, firing=incident.firing - 1)
        close_if_quiet(state, rules, incident, changes)


def close_if_quiet(state: State, rules: ProjectRules, incident: IncidentState, changes: list[IncidentChange]) -> None:
    """Resolve an open incident, or begin to wait, when none of its alerts fires any more and its rule says so."""
    if incident.firing > 0:
        return
    rule = rules.incident_rule(incident.rule)
    if rule is not None and rule.resolve == "never":
        return
    if rule is not None and rule.resolve_after > 0:
        state.change_incident(incident, resolve_at=state.now + rule.resolve_after)
        return
    incidents.resolve(state, incident, "resolved: all of its alerts are")
    changes.append(IncidentChange(incident.project, incident.number, "resolved"))
