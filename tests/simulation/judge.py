"""Runs the naive model beside the core, and says where the two disagree.

Not here: the model's own rules (`naive.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from processors.core.absence import SILENT
from processors.core.content import content_of
from processors.core.decisions import Decisions
from processors.core.deduplicate import OWN_FORMAT
from processors.core.own_alerts import fingerprint
from processors.core.state import State
from schemas.codec import encode_body
from schemas.configuration import unpack_partition
from schemas.records import ALERT_BOT, AlertBatch, AlertEvent, AlertState, Command, Configuration, Content, Outcome, Tick
from tests.simulation.arriving import Arrival
from tests.simulation.naive import PARTS_MILLIS, Alert, Claim, Incident, Naive
from tests.world import millis


@dataclass
class Judge:
    """Compares outcomes event by event, and alerts and members after each record."""

    naive: Naive = field(default_factory=Naive)

    def after(self, arrival: Arrival, decisions: Decisions, state: State) -> list[str]:
        """Let the model take a record too; gives where it does otherwise than the core did."""
        self.naive.advance(millis(arrival.at), [item.at for item in arrival.items if isinstance(item, Tick)])
        found: list[str] = []
        for place, item in enumerate(arrival.items):
            outcome = next((outcome for outcome in decisions.outcomes if outcome.item == place), None)
            match item:
                case AlertBatch():
                    found += self._batch(item, outcome, state)
                case Tick():
                    self._tick(item, state)
                case Command():
                    self._command(item, outcome, state)
                case Configuration():
                    self._configure(item, state)
        for gone in decisions.forgettings:
            self.naive.forget(gone.project, gone.kind, gone.id)
        touched = {project for project, _ in [*decisions.alerts, *decisions.incidents]}
        if any(isinstance(item, Configuration) for item in arrival.items):
            touched |= self.naive.projects.keys()
        return found + [problem for project in sorted(touched) for problem in self._differences(project, state)]

    # -- items ---------------------------------------------------------------------------

    def _batch(self, batch: AlertBatch, outcome: Outcome | None, state: State) -> Iterator[str]:
        ended = [self.naive.hear(batch.project, batch.integration)]
        decided = {} if outcome is None else {event.index: event for event in outcome.events}
        fired: list[Alert] = []
        for event in batch.events:
            open_before = {alert.number for alert in self.naive.project(batch.project).alerts if alert.is_firing}
            want, alert = self.naive.event(batch, event)
            got = decided.get(event.index)
            number = None if alert is None else alert.number
            if got is None or (got.outcome, got.alert) != (want, number):
                yield f"{batch.project}, event {event.index}: {want} alert {number} by the model, got {got}"
            if alert is not None and want in ("created", "merged"):
                fired.append(alert)
            if alert is not None and want == "recovered" and alert.number in open_before:
                ended.append(alert.incident)
        is_part = batch.total > len(batch.events) + len(batch.refusals)
        fired += self._unmute(batch.project, state)
        homes = [home for home in ended if home is not None]
        self.naive.conclude(batch.project, fired, homes, PARTS_MILLIS if is_part else 0)

    def _unmute(self, project: str, state: State) -> list[Alert]:
        """Take over what is muted; gives what no longer is, which takes part at the end of an item."""
        freed: list[Alert] = []
        for alert in self.naive.project(project).alerts:
            core = state.alerts.get((project, alert.number))
            if core is not None and alert.is_open and alert.muted != (core.suppressed_by is not None):
                alert.muted = not alert.muted
                freed += () if alert.muted else (alert,)
        return freed

    def _tick(self, tick: Tick, state: State) -> None:
        if tick.source == "door":
            self.naive.door_tick()
        if tick.source != "clock":
            return
        self.naive.end_what_is_absent()
        silent: dict[str, list[Alert]] = {}
        for project, integration in list(self.naive.silent_now()):
            silent.setdefault(project, []).append(self._silent(project, integration, state))
        for project, alerts in silent.items():
            self.naive.conclude(project, alerts, [])
        self.naive.close_what_is_quiet()
        again: dict[str, list[Alert]] = {}
        for project, alert in self.naive.end_holds():
            again.setdefault(project, []).append(alert)
        for project in self.naive.projects:
            freed = self._unmute(project, state)
            self.naive.conclude(project, [*again.get(project, ()), *freed], [])

    def _silent(self, project: str, integration: str, state: State) -> Alert:
        """An integration fell silent: an alert of our own, whose text the core chooses."""
        number = self.naive.project(project).alert_count + 1
        core = state.alerts.get((project, number))
        content = Content("missing") if core is None else content_of(state, core)
        severity = self.naive.rules_of(project).integrations[integration].default_severity
        event = AlertEvent(0, fingerprint(integration, SILENT), b"", True, None, None, None, encode_body(content), b"")
        _, alert = self.naive.event(AlertBatch(project, integration, OWN_FORMAT, severity, "", 1, [event]), event)
        assert alert is not None
        alert.muted = core is not None and core.suppressed_by is not None
        return alert

    def _command(self, command: Command, outcome: Outcome | None, state: State) -> None:
        """Take over what a command did; one that was refused did nothing."""
        if outcome is not None and any(event.outcome == "done" for event in outcome.events):
            self._adopt(command.project, state)
        self.naive.conclude(command.project, self._unmute(command.project, state), [])

    def _configure(self, part: Configuration, state: State) -> None:
        if part.version <= self.naive.version or part.parts != 1:
            return
        before, self.naive.version = self.naive.rules.projects, part.version
        self.naive.rules = unpack_partition(part.content)
        for project in self.naive.projects:
            self.naive.conclude(project, self._unmute(project, state), [])
        for project in self.naive.rules.projects:
            alerts = self.naive.project(project).alerts if project not in before else ()
            self.naive.conclude(project, [alert for alert in alerts if alert.incident is None], [])

    def _adopt(self, project: str, state: State) -> None:
        """Take over everything of a project as the core has it."""
        naive = self.naive.project(project)
        numbers = sorted(number for name, number in state.incidents if name == project)
        homes = {number: _incident(state.incidents[project, number]) for number in numbers}
        for number, home in homes.items():
            home.merged_into = homes.get(state.incidents[project, number].merged_into or 0)
        old = {alert.number: alert for alert in naive.alerts}
        naive.alerts = [
            _alert(state, state.alerts[key], old.get(key[1]), homes) for key in sorted(state.alerts) if key[0] == project
        ]
        naive.incidents = list(homes.values())

    # -- comparison ------------------------------------------------------------------------

    def _differences(self, project: str, state: State) -> Iterator[str]:
        core = {number: alert for (name, number), alert in state.alerts.items() if name == project}
        naive = {alert.number: alert for alert in self.naive.project(project).alerts if alert.number in core}
        ours = {number: (alert.status, alert.events, alert.severity, alert.started_at) for number, alert in core.items()}
        theirs = {number: (alert.status, alert.events, alert.severity, alert.started_at) for number, alert in naive.items()}
        if ours != theirs:
            yield f"{project}: alerts {_unequal(ours, theirs)}"
        homes, homes_by_model = _members_of_core(core, state), _members_of_naive(naive)
        if homes != homes_by_model:
            yield f"{project}: members, and whether the incident is open {_unequal(homes, homes_by_model)}"


def _incident(core: Any) -> Incident:
    group = None if core.rule is None else (core.rule, tuple(_own(part) for part in core.group))
    by_hand = core.resolver not in ("", ALERT_BOT)
    return Incident(core.rule, group, [], core.is_open, core.resolved_at or 0, core.resolve_at, None, by_hand)


def _own(part: Any) -> str:
    """Write an alert's own identity as the model does, where a group is that."""
    if part.name != "..." or part.value.startswith("#"):
        return str(part.value)
    fingerprint_, _, identity = part.value.partition("/")
    return f"{(fingerprint_, bytes.fromhex(identity))}"


def _alert(state: State, core: AlertState, old: Alert | None, homes: dict[int, Incident]) -> Alert:
    alert = Alert(
        core.number, (core.fingerprint, core.identity), core.integration, core.severity, content_of(state, core),
        core.started_at, core.last_seen_at, core.status, core.events, core.resolved_at or 0, core.ended_at or 0,
        core.resolved_by or "", core.received_at,
        [Claim((one.source, one.started_at), one.said_at, one.expires_at, one.is_shared) for one in core.senders],
        core.hold_until, core.expires_at, core.suppressed_by is not None, None, None if old is None else old.waits_for,
        core.is_held_out,
        core.severity_as_sent,
    )  # fmt: skip
    if core.incident in homes:
        alert.incident, alert.waits_for = homes[core.incident], None
        homes[core.incident].members.append(alert)
    return alert


def _members_of_core(core: dict[int, AlertState], state: State) -> dict[Any, bool]:
    members: dict[int, list[int]] = {}
    for number, alert in sorted(core.items()):
        if alert.incident is not None:
            members.setdefault(alert.incident, []).append(number)
    project = next(iter(core.values())).project if core else ""
    return {tuple(numbers): state.incidents[project, incident].is_open for incident, numbers in members.items()}


def _members_of_naive(naive: dict[int, Alert]) -> dict[Any, bool]:
    members: dict[int, list[int]] = {}
    homes: dict[int, Incident] = {}
    for number, alert in sorted(naive.items()):
        if alert.incident is not None:
            members.setdefault(id(alert.incident), []).append(number)
            homes[id(alert.incident)] = alert.incident
    return {tuple(numbers): homes[home].is_open for home, numbers in members.items()}


def _unequal(ours: dict[Any, Any], theirs: dict[Any, Any]) -> str:
    keys = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    return "; ".join(f"{key}: core {ours.get(key)}, model {theirs.get(key)}" for key in keys[:3])
