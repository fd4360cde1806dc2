"""What must hold after every inbox record, whatever came: looked at from outside, record by record.

Versions and numbers without gap, the ledger, members counted, muting as it is when looked at afresh, timers ahead, and
telling (`Told`). Not here: which decision is right (`naive.py`), and how the state is recovered (`check.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from processors.core.decisions import Decisions
from processors.core.state import State
from schemas.configuration import Project
from schemas.records import Command, Tick
from tests.simulation.arriving import Arrival, received
from tests.simulation.looking import Timer, due_times, find_muting, muting_changes
from tests.simulation.told import Told

ENTITIES = (
    "now", "ticked_at", "door_tick_at", "put_off_millis", "configuration_version", "alerts", "contents", "incidents",
    "projects", "silences",
)  # fmt: skip
INDEXES = ("open_alerts", "newest_alerts", "newest_incidents", "unassigned", "members", "waiting")
KINDS = ("alerts", "incidents", "silences", "projects")


@dataclass
class Audit:
    """Keeps what it saw of every entity, and says after each record what is wrong."""

    seen: dict[str, dict[Any, Any]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    forgotten_members: Counter[Any] = field(default_factory=Counter)
    passed: set[tuple[int, Timer]] = field(default_factory=set)
    told: Told = field(default_factory=Told)

    def after(self, arrival: Arrival, decisions: Decisions, state: State, is_thorough: bool = True) -> list[str]:
        """Give what does not hold after a record; thorough: also of entities and projects that it did not touch."""
        touched = {key[0] for kind in KINDS[:3] for key in getattr(decisions, kind)} | set(decisions.projects)
        projects = list(state.rules.projects) if is_thorough else sorted(touched)
        found = [*self._versions(decisions), *_ledger(arrival, decisions)]
        self._forget(decisions)
        found += self._untouched(state) if is_thorough else ()
        found += self._members(state, None if is_thorough else decisions)
        found += self.told.after(decisions, state)
        found += _muting(state, projects, arrival)
        found += self._timers(state) if _ends_with_tick(arrival) else ()
        return found

    def _versions(self, decisions: Decisions) -> Iterator[str]:
        for kind in KINDS:
            for key, entity in getattr(decisions, kind).items():
                before = self.seen[kind].get(key)
                if entity.version != (0 if before is None else before.version) + 1:
                    yield f"{kind} {key} is at version {entity.version} after {before and before.version}"
                if before is None and kind in ("alerts", "incidents"):
                    yield from self._numbered(kind, *key)
                self.seen[kind][key] = entity
        yield from self._counters(decisions)

    def _numbered(self, kind: str, project: str, number: int) -> Iterator[str]:
        if number > 1 and not self._was_given(kind, project, number - 1):
            yield f"{kind} {project}/{number} comes without the one before"

    def _was_given(self, kind: str, project: str, number: int) -> bool:
        counted = self.seen["projects"].get(project)
        return (project, number) in self.seen[kind] or (counted is not None and getattr(counted, kind) >= number)

    def _counters(self, decisions: Decisions) -> Iterator[str]:
        for kind in ("alerts", "incidents"):
            for project, number in getattr(decisions, kind):
                if getattr(self.seen["projects"][project], kind) < number:
                    yield f"{kind} {project}/{number} is beyond its project's count"

    def _forget(self, decisions: Decisions) -> None:
        for gone in decisions.forgettings:
            if gone.kind == "silence":
                self.seen["silences"].pop((gone.project, gone.id), None)
                continue
            entity = self.seen[f"{gone.kind}s"].pop((gone.project, int(gone.id)), None)
            if gone.kind == "alert" and entity is not None and entity.incident is not None:
                self.forgotten_members[gone.project, entity.incident] += 1

    def _untouched(self, state: State) -> Iterator[str]:
        for kind in KINDS:
            if self.seen[kind] != getattr(state, kind):
                yield f"{kind} changed without a decision"

    def _timers(self, state: State) -> Iterator[str]:
        """After a tick nothing is due; what the tick itself set in the past has until the next."""
        passed = {(at, timer) for at, timer in due_times(state) if at <= state.now}
        for at, (kind, key, timer) in sorted(passed & self.passed):
            yield f"{kind} {key} {timer} was due {state.now - at} ms before the tick"
        self.passed = passed

    def _members(self, state: State, decisions: Decisions | None) -> Iterator[str]:
        homes = set(state.incidents) if decisions is None else _homes(decisions)
        total, firing = _count(state, homes)
        for key in sorted(homes):
            incident = state.incidents.get(key)
            if incident is None:
                continue
            want = (firing[key] * incident.is_open, total[key] + self.forgotten_members[key])  # a resolved one counts none
            if (incident.firing, incident.total) != want:
                yield f"incident {key} counts {incident.firing}/{incident.total}, its members are {want[0]}/{want[1]}"


def _homes(decisions: Decisions) -> set[Any]:
    joined = {(project, alert.incident) for (project, _), alert in decisions.alerts.items() if alert.incident is not None}
    return joined | set(decisions.incidents)


def _count(state: State, homes: set[Any]) -> tuple[Counter[Any], Counter[Any]]:
    projects = {project for project, _ in homes}
    members = [alert for (project, _), alert in state.alerts.items() if project in projects and alert.incident is not None]
    total = Counter((alert.project, alert.incident) for alert in members)
    firing = Counter((alert.project, alert.incident) for alert in members if alert.counts_as_firing)
    return total, firing


def _ledger(arrival: Arrival, decisions: Decisions) -> Iterator[str]:
    """Events in are outcomes out, by project; and a command has at least one."""
    decided: Counter[str] = Counter()
    commands: Counter[str] = Counter()
    for outcome in decisions.outcomes:
        is_command = arrival.broken_events is None and isinstance(arrival.items[outcome.item], Command)
        (commands if is_command else decided)[outcome.project] += 1 if is_command else len(outcome.events)
    wanted: Counter[str] = Counter(item.project for item in arrival.items if isinstance(item, Command))
    if +decided != Counter(received(arrival)):
        yield f"received {received(arrival)}, decided {dict(+decided)}"
    if commands != wanted:
        yield f"commands {dict(wanted)}, answered {dict(commands)}"


def _muting(state: State, projects: list[str], arrival: Arrival) -> Iterator[str]:
    """Right after a tick all alerts are muted by what the clock says; in between, where it says the same as then."""
    is_fresh = _ends_with_tick(arrival) or not any(state.ticked_at < at <= state.now for at in muting_changes(state))
    for key, alert in list(state.alerts.items()) if is_fresh else ():
        if alert.is_open and alert.project in projects:
            want = find_muting(state, _rules(state, alert.project), alert)
            if alert.suppressed_by != want:
                yield f"alert {key} is muted by {alert.suppressed_by}, looked at afresh by {want}"


def _rules(state: State, project: str) -> Project:
    return state.rules.of(project).project


def _ends_with_tick(arrival: Arrival) -> bool:
    last = arrival.items[-1] if arrival.items else None
    return isinstance(last, Tick) and last.source == "clock"


def recovered_differently(live: State, recovered: State) -> list[str]:
    """Say where a state that was recovered from the journal is not as the live one."""
    pairs = [(name, getattr(live, name), getattr(recovered, name)) for name in ENTITIES]
    pairs += [(name, _filled(getattr(live, name)), _filled(getattr(recovered, name))) for name in INDEXES]
    return [f"{name} recovered differently: {_difference(ours, theirs)}" for name, ours, theirs in pairs if ours != theirs]


def _filled(index: Mapping[Any, Any]) -> dict[Any, Any]:
    """Leave out buckets without content: an index is no different for them."""
    return {key: value for key, value in index.items() if value not in ({}, -1)}


def _difference(ours: Any, theirs: Any) -> str:
    if not isinstance(ours, dict):
        return f"{ours!r}, {theirs!r}"
    keys = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    return "; ".join(f"{key}: {ours.get(key)!r}, {theirs.get(key)!r}" for key in keys[:2])
