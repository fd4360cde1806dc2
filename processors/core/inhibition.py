"""Which alerts mute which others, by the project's `inhibit` rules (BEHAVIOUR 5).

For each rule, and the values of its `equal` labels, the firing alerts that are sources and those that are targets are
kept together. A source mutes whether it is muted itself or not, and being muted makes no alert a source: so muting
is not transitive. Not here: what being muted means (`suppress.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from processors.core.content import lookup_of
from processors.core.mute_index import Role
from processors.core.rules import Inhibition, Lookup, ProjectRules
from processors.core.state import State
from schemas.records import AlertState


def find_source(state: State, alert: AlertState) -> int | None:
    """Give the number of the alert that mutes this one; of several the lowest. Its roles must be up to date."""
    muting = [
        number
        for role in state.mutes.roles.get((alert.project, alert.number), ())
        if role.is_target
        for number, is_target_too in state.mutes.sources.get(role.group, {}).items()
        if number != alert.number and not (is_target_too and role.is_source)
    ]
    return min(muting, default=None)


def update_roles(state: State, rules: ProjectRules, alert: AlertState) -> None:
    """Bring the alert's roles up to date; targets of a source that begins or ends are looked at again."""
    if not rules.inhibition.rules and (alert.project, alert.number) not in state.mutes.roles:
        return
    _take_roles(state, rules.inhibition, alert, is_telling=True)


def prepare_roles(state: State, project: str) -> None:
    """Find the roles of all firing alerts, where that was not yet done under the rules as they are.

    To be called before an alert of the project changes: else nobody knows what it was.
    """
    rules = state.rules.of(project)
    if state.mutes.inhibited_under.get(project, ()) == rules.inhibition.rules:
        return
    state.mutes.note_rules(project, rules.inhibition.rules)
    for number in sorted(state.mutes.open_numbers.get(project, ())):
        _take_roles(state, rules.inhibition, state.alerts[project, number], is_telling=False)


def _take_roles(state: State, inhibition: Inhibition, alert: AlertState, is_telling: bool) -> None:
    key = (alert.project, alert.number)
    before = state.mutes.roles.get(key, ())
    after = tuple(_roles_of(inhibition, alert, lookup_of(state, alert))) if alert.counts_as_firing else ()
    if before == after:
        return
    state.mutes.set_roles(key, after)
    if is_telling:
        for role in (*before, *after):
            if role.is_source and (role in before) != (role in after):
                for target in sorted(state.mutes.targets.get(role.group, ())):
                    state.mutes.look_again(alert.project, target)


def _roles_of(inhibition: Inhibition, alert: AlertState, lookup: Lookup) -> Iterator[Role]:
    sources, targets = set(inhibition.sources.find(lookup)), set(inhibition.targets.find(lookup))
    for place in sorted(sources | targets):
        values = tuple(lookup(name) for name in inhibition.rules[place].equal)
        yield Role((alert.project, place, values), place in sources, place in targets)
