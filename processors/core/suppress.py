"""Muting: looked at for each alert that says something new, and for all concerned when what mutes begins or ends.

A muted alert is stored, counted and shown, but neither opens nor worsens an incident and notifies nobody; what
is muted no longer takes part as if it had begun then (BEHAVIOUR 5). Not here: what mutes (`mutes.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from processors.core.attempt import attempt_each
from processors.core.decisions import Key
from processors.core.inhibition import prepare_roles, update_roles
from processors.core.mutes import find_reason, look_again_for
from processors.core.state import State
from processors.core.work import Round
from schemas.matchers import parse_matcher
from schemas.records import AlertState, SilenceState


def suppress(round: Round) -> None:
    """Look at every alert that may be muted now, or no longer; one that says what it said is not looked at again."""
    state = round.state
    while keys := state.mutes.take_unsettled():
        freed: dict[Key, None] = {}
        attempt_each(state, keys, partial(_settle_one, state, freed), _problem)
        round.firing.update((key, None) for key in freed if state.alerts[key].suppressed_by is None)


def _settle_one(state: State, freed: dict[Key, None], key: Key) -> None:
    """Look at an alert again; one that was muted and no longer is takes part as if it had begun now."""
    alert = state.alerts.get(key)
    if alert is None or not (alert.is_open or key in state.mutes.roles):
        return  # it ended, and muted nobody
    now = _look(state, alert)
    if alert.suppressed_by is not None and now.suppressed_by is None and now.counts_as_firing:
        freed[key] = None


def _problem(key: Key, error: Exception) -> str:
    return f"alert {key[0]}/{key[1]} could not be looked at again: {error!r}"


def _look(state: State, alert: AlertState) -> AlertState:
    rules = state.rules.of(alert.project)
    update_roles(state, rules, alert)
    if not alert.is_open:
        return alert
    reason = find_reason(state, rules, alert)
    return alert if reason == alert.suppressed_by else state.change_alert(alert, suppressed_by=reason)


def prepare(state: State, projects: Iterable[str]) -> None:
    """Know who inhibits whom before anything changes: after a recovery, or under new rules, nobody has looked yet."""
    for project in projects:
        prepare_roles(state, project)


def begin_and_end_mutes(state: State) -> None:
    """On a tick: find the silences and windows that began or ended since the last one."""
    for key in state.mutes.silences.pop_changes(state.now):
        silence = state.silences.get(key)
        if silence is not None:
            _begin_or_end(state, silence)
    for project, rules in state.rules.projects.items():
        for entry in rules.maintenance.rules:
            if entry.rule.next_change(state.ticked_at) <= state.now:
                look_again_for(state, project, entry.matchers)
                state.mutes.look_again_at_muted_by(project, "maintenance", entry.rule.name)


def touch_silence(state: State, silence: SilenceState) -> None:
    """A person made, changed or ended a silence: look again at what it mutes and what it may mute now."""
    state.mutes.look_again_at_muted_by(silence.project, "silence", silence.id)
    if silence.starts_at <= state.now < silence.ends_at:
        look_again_for(state, silence.project, [parse_matcher(text) for text in silence.matchers])


def _begin_or_end(state: State, silence: SilenceState) -> None:
    """By the clock; what lies before the last tick was done then."""
    if state.ticked_at < silence.starts_at <= state.now < silence.ends_at:
        look_again_for(state, silence.project, [parse_matcher(text) for text in silence.matchers])
    elif silence.ends_at <= state.now:
        state.mutes.look_again_at_muted_by(silence.project, "silence", silence.id)
        state.mutes.silences.unfile(silence)


def note_new_rules(state: State, project: str) -> None:
    """Look again at all open alerts of a project whose muting rules have changed."""
    prepare_roles(state, project)
    for number in sorted(state.mutes.open_numbers.get(project, ())):
        state.mutes.look_again(project, number)
