"""The state's undo and its indexes."""

from __future__ import annotations

import copy

import pytest

from processors.core.groups import group_key
from processors.core.state import State
from tests.world import PROJECT, World, batch, configured

INDEXES = ("alerts", "contents", "incidents", "projects", "open_alerts", "newest_alerts", "newest_incidents", "last_seen")


def burning() -> State:
    world = World()
    world.append(0, configured(1, {PROJECT: {"incidents": [{"name": "all", "group_by": ["service"]}]}}))
    world.append(1, batch({"title": "A", "service": "db"}, {"title": "B", "service": "db"}))
    world.run()
    return world.writer.state


def _change_much_and_fail(state: State) -> None:
    with state.all_or_nothing():
        state.change_alert(state.alerts[PROJECT, 1], status="resolved", incident=None)
        state.change_incident(state.incidents[PROJECT, 1], status="resolved", resolve_at=5)
        state.next_number(PROJECT, "alerts")
        state.put_content((PROJECT, 1), b"other")
        raise RuntimeError


def test_an_exception_undoes_every_change_made_within() -> None:
    state = burning()
    before = {name: copy.copy(getattr(state, name)) for name in INDEXES}
    state.begin(9)
    with pytest.raises(RuntimeError):
        _change_much_and_fail(state)
    assert {name: getattr(state, name) for name in INDEXES} == before
    assert state.decisions.is_empty
    assert state.members[PROJECT, 1] == {1: None, 2: None}


def test_a_version_rises_once_for_each_record() -> None:
    state = burning()
    state.begin(9)
    twice = state.change_alert(state.change_alert(state.alerts[PROJECT, 1], events=2), events=3)
    state.begin(10)
    assert (twice.version, state.change_alert(twice, events=4).version) == (2, 3)


def test_an_alert_that_leaves_its_incident_takes_its_last_seen_along() -> None:
    state = burning()
    state.begin(9)
    latest = state.change_alert(state.alerts[PROJECT, 2], last_seen_at=state.now + 500)
    assert state.last_seen_in(state.incidents[PROJECT, 1]) == state.now + 500
    state.change_alert(latest, incident=None)
    assert state.last_seen_in(state.incidents[PROJECT, 1]) == state.now


def test_a_timer_that_was_moved_fires_at_its_new_time_only() -> None:
    state = burning()
    incident = state.change_incident(state.incidents[PROJECT, 1], resolve_at=state.now + 10)
    state.change_incident(incident, resolve_at=state.now + 20)
    state.now += 15
    assert state.pop_due_timer() is None
    state.now += 5
    due = state.pop_due_timer()
    assert due is not None
    assert due[0] == "incident_resolve"
    assert state.pop_due_timer() is None


def test_no_two_groups_share_a_key() -> None:
    groups = [("r", [("a", "b"), ("c", "d")]), ("r", [("a", "b\x1f1:c=1:d")]), ("r", [("a", "")]), ("r", []), ("r\x1f", [])]
    assert len({group_key(rule, values) for rule, values in groups}) == len(groups)
