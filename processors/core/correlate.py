"""Which incident each firing alert belongs to, by the project's rules in their order (BEHAVIOUR 6, "Opening").

The alerts of a round that belong together are taken in together, so that their order is of no account. Not here: what
joining changes in the incident (`incidents.py`), what the end of an alert does (`transition.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from processors.core import incidents, page_entries, receiver_alerts
from processors.core.attempt import attempt_each
from processors.core.content import content_of, lookup_of
from processors.core.decisions import Key
from processors.core.groups import group_key, group_of
from processors.core.rules import group_values
from processors.core.state import State
from processors.core.work import IncidentChange, Round
from schemas.configuration import IncidentRule
from schemas.records import SEVERITIES, AlertState, IncidentState

Group = list[tuple[str, str]]


@dataclass(slots=True)
class Gathering:
    """Alerts of a round that belong into one incident: that of a group, or the resolved one that they are in already.

    Neither a rule nor an incident: an alert of our own (`receiver_alerts.py`), which opens one.
    """

    project: str
    rule: IncidentRule | None = None
    group: Group = field(default_factory=list)
    own: int | None = None
    numbers: dict[int, None] = field(default_factory=dict)


def correlate(round: Round) -> None:
    """Let firing alerts worsen the open incident that they are in, or join, open or reopen one."""
    if not round.firing:
        return
    state = round.state
    worse: dict[int, AlertState] = {}
    gatherings: dict[tuple[str, str], Gathering] = {}
    attempt_each(state, round.firing, partial(_sort_out, state, worse, gatherings), _problem_of_alert)
    attempt_each(state, _in_order(state, list(worse.values())), partial(_worsen, round), _problem_of_severity)
    returning_first = sorted(gatherings.values(), key=lambda gathering: gathering.own is None)
    attempt_each(state, returning_first, partial(_gather, round), _problem)


def _sort_out(state: State, worse: dict[int, AlertState], gatherings: dict[tuple[str, str], Gathering], key: Key) -> None:
    """Put an alert to those that are worse than their open incident knows, or file it where it belongs."""
    alert = state.alerts.get(key)
    if alert is None or not takes_part(alert):
        return
    incident = state.incident_of(alert)
    if incident is None or not incident.is_open:
        _file(state, alert, incident, gatherings)
    elif incidents.is_worse(alert.severity, alert.worst_severity):
        worse[alert.number] = alert


def takes_part(alert: AlertState) -> bool:
    """Whether an alert may open or join an incident: neither resolved, ignored nor muted."""
    return alert.counts_as_firing and alert.suppressed_by is None


def _file(state: State, alert: AlertState, own: IncidentState | None, gatherings: dict[tuple[str, str], Gathering]) -> None:
    """Find where an alert belongs, and file it there."""
    if alert.is_held_out:
        return
    project, number = key = (alert.project, alert.number)
    if own is not None and _may_return(state, own):
        place = (project, f"#{own.number}")
        gatherings.setdefault(place, Gathering(project, own=own.number)).numbers[number] = None
        return
    if receiver_alerts.is_own(alert):
        gatherings[project, f"alert #{number}"] = Gathering(project, numbers={number: None})
        return
    rules = state.rules.of(project)
    known = (state.rules.version, state.contents[key], alert.severity, alert.severity_as_sent, alert.status)
    if not rules.incidents.rules or state.unmatched_by_rules.get(key) == known:
        return
    lookup = lookup_of(state, alert)
    rule = rules.incidents.first(lookup)
    if rule is None:
        state.unmatched_by_rules[key] = known
        return
    group = group_values(rule, alert, lookup)
    place = (project, group_key(rule.name, group))
    found = gatherings.get(place)
    if found is None:
        found = gatherings[place] = Gathering(project, rule, group)
    found.numbers[number] = None
    if alert.waiting_group not in (None, place[1]):  # it belongs elsewhere now: nobody there may take it
        _name_as_cause(state, alert)
        state.change_alert(alert, waiting_group=None)


def _may_return(state: State, own: IncidentState) -> bool:
    """Whether an alert that fires again reopens its resolved incident.

    Not one that was merged, nor one beside a newer open incident of its group.
    """
    if own.merged_into is not None:
        return False
    rule = state.rules.of(own.project).incident_rule(own.rule)
    newest = None if rule is None else _newest_of_group(state, group_of(own.project, own)[1], own.project)
    return newest is None or newest.number == own.number or not newest.is_open


def _worsen(round: Round, alert: AlertState) -> None:
    """Raise the incident that holds an alert which is worse than it ever was there."""
    state = round.state
    _name_as_cause(state, alert)
    incident = state.incident_of(alert)
    assert incident is not None
    incident, rose = incidents.note_worse(state, incident, alert)
    if rose:
        round.note(IncidentChange(incident.project, incident.number, "severity_raised"), alert)


def _gather(round: Round, gathering: Gathering) -> None:
    """Let the alerts of one gathering join, open or reopen an incident, or wait for others."""
    state = round.state
    alerts = _in_order(state, [state.alerts[gathering.project, number] for number in gathering.numbers])
    _name_as_cause(state, alerts[0])
    if gathering.own is not None:
        _reopen(round, state.incidents[gathering.project, gathering.own], alerts)
        return
    if gathering.rule is None:
        _open(round, None, [], alerts)
        return
    key = group_key(gathering.rule.name, gathering.group)
    newest = _newest_of_group(state, key, gathering.project)
    merged_into = None if newest is None else _where_it_was_merged(state, newest)
    if merged_into is not None:
        _join_all(round, merged_into, alerts)
    elif newest is not None and newest.is_open and _saw_an_alert_lately(state, newest, gathering.rule.within):
        _join_all(round, newest, alerts)
    else:
        _open_when_enough(round, gathering.rule, gathering.group, newest, alerts)


def _open_when_enough(
    round: Round, rule: IncidentRule, group: Group, newest: IncidentState | None, alerts: list[AlertState]
) -> None:
    state = round.state
    key = group_key(rule.name, group)
    joining = _enough(state, rule, key, alerts)
    if not joining:
        for alert in alerts:
            _name_as_cause(state, alert)
            state.change_alert(alert, waiting_group=key)
    elif newest is not None and not newest.is_open and _may_reopen(state, newest, rule):
        _reopen(round, newest, joining)
    else:
        _open(round, rule, group, joining)


def _open(round: Round, rule: IncidentRule | None, group: Group, alerts: list[AlertState]) -> None:
    home = incidents.open_incident(round.state, rule, group, alerts)
    _join_all(round, home, alerts, IncidentChange(home.project, home.number, "opened"))


def _reopen(round: Round, incident: IncidentState, alerts: list[AlertState]) -> None:
    home = incidents.reopen(round.state, incident, f"reopened: alert #{alerts[0].number} fires")
    _join_all(round, home, alerts, IncidentChange(home.project, home.number, "reopened"))


def _join_all(round: Round, home: IncidentState, alerts: list[AlertState], change: IncidentChange | None = None) -> None:
    """Take alerts into an open incident; `change`: what they have done to it already."""
    state = round.state
    rules = state.rules.of(home.project)
    for alert in alerts:
        _name_as_cause(state, alert)
        home, alert, rose = incidents.join(state, rules, home, alert)
        if change is not None:
            round.note(change, alert)
        elif rose:
            round.note(IncidentChange(home.project, home.number, "severity_raised"), alert)
        elif not home.told:  # what opened it was flapping and not told
            round.note(IncidentChange(home.project, home.number, "opened"), alert)
        elif home.is_told_resolved:  # what reopened it was
            round.note(IncidentChange(home.project, home.number, "reopened"), alert)
    if home.publish_at is not None and home.publish_at <= state.now:
        page_entries.publish_by_rule(state, home)


def _in_order(state: State, alerts: list[AlertState]) -> list[AlertState]:
    """Put alerts in the order in which they count, whatever the order of their events: the first names an incident.

    Those that came first; of one request the steady ones, the worst, those that began first, at last by title.
    """
    return sorted(alerts, key=partial(_place, state)) if len(alerts) > 1 else alerts


def _place(state: State, alert: AlertState) -> tuple[int, bool, int, int, str, str, bytes, bytes]:
    severity, title = SEVERITIES.index(alert.severity), content_of(state, alert).title
    came = (alert.first_seen_at, alert.is_flapping, severity, alert.started_at)
    return *came, title, alert.fingerprint, alert.identity, alert.content_hash


def _name_as_cause(state: State, alert: AlertState) -> None:
    """Name the event that an alert's change of this record came from; none of an older record."""
    if alert.offset == state.cause.offset:
        state.cause.index = alert.index


def _newest_of_group(state: State, key: str, project: str) -> IncidentState | None:
    number = state.newest_incidents.get((project, key))
    return None if number is None else state.incidents[project, number]


def _where_it_was_merged(state: State, incident: IncidentState) -> IncidentState | None:
    """Follow merges to the open incident that now stands for this one; None: it was not merged, or that is resolved."""
    target = incidents.follow_merges(state, incident)
    return target if target is not incident and target.is_open else None


def _saw_an_alert_lately(state: State, incident: IncidentState, within: int | None) -> bool:
    return within is None or state.now - state.last_seen_in(incident) <= within


def _may_reopen(state: State, incident: IncidentState, rule: IncidentRule) -> bool:
    if incident.resolved_at is None or incident.merged_into is not None:
        return False
    return state.now - incident.resolved_at < rule.reopen_within


def _enough(state: State, rule: IncidentRule, key: str, alerts: list[AlertState]) -> list[AlertState]:
    """Give the alerts that join when `open_when` holds, with those that have waited; else nothing.

    The alerts themselves count whenever they were last seen: one that is muted no longer begins now (BEHAVIOUR 5).
    """
    if rule.open_when.alerts <= 1:
        return alerts
    new = {alert.number for alert in alerts}
    numbers = sorted(number for number in state.waiting.get((alerts[0].project, key), ()) if number not in new)
    since = None if rule.within is None else state.now - rule.within
    waiting = [state.alerts[alerts[0].project, number] for number in numbers]
    counted = [entry for entry in waiting if takes_part(entry) and (since is None or entry.last_seen_at >= since)]
    return _in_order(state, [*counted, *alerts]) if len(counted) + len(alerts) >= rule.open_when.alerts else []


def _problem(gathering: Gathering, error: Exception) -> str:
    numbers = ", ".join(f"#{number}" for number in gathering.numbers)
    return f"alerts {numbers} of {gathering.project} could not be put to the rules: {error!r}"


def _problem_of_alert(key: Key, error: Exception) -> str:
    return f"alert {key[0]}/{key[1]} could not be put to the rules: {error!r}"


def _problem_of_severity(alert: AlertState, error: Exception) -> str:
    return f"alert {alert.project}/{alert.number} could not worsen its incident: {error!r}"
