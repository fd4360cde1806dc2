"""Which incident a firing alert belongs to, by the project's rules in their order (BEHAVIOUR 6, "Opening").

Not here: what joining changes in the incident beyond membership (`transition.py`).
"""

from __future__ import annotations

from processors.core import incidents, publication
from processors.core.content import lookup_of
from processors.core.rules import ProjectRules, group_values
from processors.core.state import State, group_key
from processors.core.work import IncidentChange, Work
from schemas.configuration import IncidentRule
from schemas.records import AlertState, IncidentState

Group = list[tuple[str, str]]


def correlate(work: Work) -> None:
    """Put a firing alert that is in no open incident to the rules."""
    if work.outcome in ("created", "merged") and work.alert is not None:
        work.alert = find_home(work.state, work.rules, work.alert, work.changes)


def find_home(state: State, rules: ProjectRules, alert: AlertState, changes: list[IncidentChange]) -> AlertState:
    """Let an alert join, open or reopen an incident, or wait for others; returns the alert as it is after."""
    if not takes_part(alert) or alert.is_held_out or not rules.incidents.rules or _is_in_open_incident(state, alert):
        return alert
    known = (state.rules.version, alert.content_hash, alert.severity, alert.severity_as_sent, alert.status)
    key = (alert.project, alert.number)
    if state.unmatched_by_rules.get(key) == known:
        return alert
    lookup = lookup_of(state, alert)
    rule = rules.incidents.first(lookup)
    if rule is None:
        state.unmatched_by_rules[key] = known
        return alert
    return _gather(state, rules, rule, group_values(rule, alert, lookup), alert, changes)


def takes_part(alert: AlertState) -> bool:
    """Whether an alert may open or join an incident: neither resolved, ignored nor muted."""
    return alert.counts_as_firing and alert.suppressed_by is None


def _is_in_open_incident(state: State, alert: AlertState) -> bool:
    incident = state.incident_of(alert)
    return incident is not None and incident.is_open


def _gather(
    state: State, rules: ProjectRules, rule: IncidentRule, group: Group, alert: AlertState, changes: list[IncidentChange]
) -> AlertState:
    newest = _newest_of_group(state, rule, group, alert.project)
    merged_into = None if newest is None else _where_it_was_merged(state, newest)
    if merged_into is not None or (newest is not None and newest.is_open and _saw_an_alert_lately(state, newest, rule.within)):
        newest = merged_into or newest
        assert newest is not None
        home, alert, rose = incidents.join(state, rules, newest, alert)
        if rose:
            changes.append(IncidentChange(home.project, home.number, "severity_raised"))
        elif not home.told:  # what opened it was flapping and not told
            changes.append(IncidentChange(home.project, home.number, "opened"))
        return alert
    joining = _enough(state, rule, group, alert)
    if not joining:
        return state.change_alert(alert, waiting_group=group_key(rule.name, group))
    if newest is not None and not newest.is_open and _may_reopen(state, newest, rule):
        home = incidents.reopen(state, newest, f"reopened: alert #{alert.number} fires")
        changes.append(IncidentChange(home.project, home.number, "reopened"))
    else:
        home = incidents.open_incident(state, rule, group, joining)
        changes.append(IncidentChange(home.project, home.number, "opened"))
    for member in joining:
        home, _, _ = incidents.join(state, rules, home, member)
    if home.publish_at is not None and home.publish_at <= state.now:
        publication.publish(state, home)
    return state.alerts[alert.project, alert.number]


def _newest_of_group(state: State, rule: IncidentRule, group: Group, project: str) -> IncidentState | None:
    number = state.newest_incidents.get((project, group_key(rule.name, group)))
    return None if number is None else state.incidents[project, number]


def _where_it_was_merged(state: State, incident: IncidentState) -> IncidentState | None:
    """Follow merges to the open incident that now stands for this one; None: it was not merged, or that is resolved."""
    target: IncidentState | None = incident
    while target is not None and target.merged_into is not None:
        target = state.incidents.get((target.project, target.merged_into))
    return target if target is not None and target is not incident and target.is_open else None


def _saw_an_alert_lately(state: State, incident: IncidentState, within: int | None) -> bool:
    return within is None or state.now - state.last_seen_in(incident) <= within


def _may_reopen(state: State, incident: IncidentState, rule: IncidentRule) -> bool:
    if incident.resolved_at is None or incident.merged_into is not None:
        return False
    return state.now - incident.resolved_at < rule.reopen_within


def _enough(state: State, rule: IncidentRule, group: Group, alert: AlertState) -> list[AlertState]:
    """Give the alerts that join, oldest number first, when `open_when` holds; else nothing.

    The alert itself counts whenever it was last seen: one that is muted no longer begins now (BEHAVIOUR 5).
    """
    if rule.open_when.alerts <= 1:
        return [alert]
    numbers = {*state.waiting.get((alert.project, group_key(rule.name, group)), ()), alert.number}
    waiting = [state.alerts[alert.project, number] for number in sorted(numbers)]
    since = None if rule.within is None else state.now - rule.within
    is_near = [entry.number == alert.number or since is None or entry.last_seen_at >= since for entry in waiting]
    counted = [entry for entry, near in zip(waiting, is_near, strict=True) if near and takes_part(entry)]
    return counted if len(counted) >= rule.open_when.alerts else []
