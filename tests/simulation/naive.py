"""A naive model of BEHAVIOUR 4 (what an event does to alerts) and 6 (which incident holds an alert), by linear search.

Written from the behaviour page, not from the core. Taken over from the core: whether an alert is muted (`Audit` looks
at that by itself), and what a person's command changed, where it says more than a status. Not here: the comparison
(`judge.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from processors.core.absence import fingerprint
from schemas.codec import decode_body
from schemas.configuration import IncidentRule, Integration, PartitionConfiguration, Project
from schemas.errors import MalformedRecord
from schemas.records import AlertBatch, AlertEvent, Content, Severity
from tests.simulation.looking import fits, value_of

Identity = tuple[str, bytes]
Group = tuple[str, tuple[str, ...]]
PROMETHEUS_KINDS = ("alertmanager", "prometheus", "grafana")
STALE_MILLIS = 180_000
DOOR_GAP_MILLIS, DOOR_GRACE_MILLIS = 10_000, 60_000


@dataclass
class Alert:
    """One alert; `muted` as the core says."""

    number: int
    identity: Identity
    integration: str
    severity: Severity
    content: Content
    started_at: int
    last_seen_at: int
    status: str = "triggered"
    events: int = 1
    resolved_at: int = 0
    is_recovered: bool = False
    expires_at: int | None = None
    muted: bool = False
    incident: Incident | None = None
    waits_for: Group | None = None
    is_held_out: bool = False
    severity_as_sent: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status != "resolved"

    @property
    def is_firing(self) -> bool:
        return self.status in ("triggered", "acknowledged")


@dataclass
class Incident:
    """One incident: no more than who is in it, and what decides who comes and when it ends."""

    rule: str | None
    group: Group | None
    members: list[Alert] = field(default_factory=list)
    is_open: bool = True
    resolved_at: int = 0
    resolve_at: int | None = None
    merged_into: Incident | None = None


@dataclass
class NaiveProject:
    """Everything about one project."""

    alerts: list[Alert] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    heard_at: dict[str, int] = field(default_factory=dict)
    alert_count: int = 0

    def open_of(self, identity: Identity) -> Alert | None:
        return next((alert for alert in self.alerts if identity[0] and alert.identity == identity and alert.is_open), None)

    def newest_of(self, identity: Identity) -> Alert | None:
        return next((alert for alert in reversed(self.alerts) if identity[0] and alert.identity == identity), None)


@dataclass
class Naive:
    """The model of a partition."""

    now: int = 0
    put_off: int = 0
    door_at: int | None = None
    version: int = -1
    rules: PartitionConfiguration = PartitionConfiguration()  # noqa: RUF009 - frozen
    projects: dict[str, NaiveProject] = field(default_factory=dict)

    def project(self, name: str) -> NaiveProject:
        return self.projects.setdefault(name, NaiveProject())

    def rules_of(self, name: str) -> Project:
        return self.rules.projects.get(name, Project())

    @property
    def door_clock(self) -> int:
        return self.now - self.put_off

    @property
    def is_door_open(self) -> bool:
        return self.door_at is not None and self.now - self.door_at <= DOOR_GAP_MILLIS

    # -- events: the table of BEHAVIOUR 4 --------------------------------------------

    def event(self, batch: AlertBatch, event: AlertEvent) -> tuple[str, Alert | None]:
        """Give an event's outcome and alert, which takes part in incidents only by `take_part`."""
        project, identity = self.project(batch.project), (event.fingerprint, event.identity)
        match_, newest = project.open_of(identity), project.newest_of(identity)
        is_over = event.expires_at is not None and event.expires_at <= self.now
        if not event.is_firing or is_over:
            return self._end(batch.project, match_)
        if match_ is None and newest is not None and self._is_stale(batch, event, newest):
            return "stale", newest
        content = _read(event.content)
        if content is None:
            return "rejected", None
        alert = match_ or self._create(batch, event, content)
        if match_ is not None:
            _merge(alert, event, content)
        alert.last_seen_at, alert.expires_at = self.now, self._expiry(batch, event)
        return ("created" if match_ is None else "merged"), alert

    def _end(self, project: str, alert: Alert | None) -> tuple[str, Alert | None]:
        if alert is None:
            return "unmatched", None
        self.resolve(project, alert, is_recovered=True)
        return "recovered", alert

    def _is_stale(self, batch: AlertBatch, event: AlertEvent, newest: Alert) -> bool:
        is_recent = newest.is_recovered and self.now - newest.resolved_at < STALE_MILLIS
        return batch.format in PROMETHEUS_KINDS and is_recent and event.started_at == newest.started_at

    def _create(self, batch: AlertBatch, event: AlertEvent, content: Content) -> Alert:
        project = self.project(batch.project)
        project.alert_count += 1
        started_at = self.now if event.started_at is None else event.started_at
        severity = event.severity or batch.default_severity
        identity = (event.fingerprint, event.identity)
        alert = Alert(project.alert_count, identity, batch.integration, severity, content, started_at, self.now)
        alert.severity_as_sent = event.severity_as_sent
        project.alerts.append(alert)
        return alert

    def _expiry(self, batch: AlertBatch, event: AlertEvent) -> int | None:
        if event.expires_at is not None:
            return event.expires_at - self.put_off
        after = event.expires_after_millis
        if after is None and batch.format != "heartbeat":
            after = self.rules_of(batch.project).integrations.get(batch.integration, NOT_CONFIGURED).resolve_after
        return None if after is None else self.door_clock + after

    def resolve(self, project: str, alert: Alert, is_recovered: bool = False) -> None:
        """End an alert, and its incident when it was the last that fired (BEHAVIOUR 6, "Closing")."""
        was_firing = alert.is_firing
        alert.status, alert.resolved_at, alert.is_recovered = "resolved", self.now, is_recovered
        alert.expires_at = alert.waits_for = None
        home = alert.incident
        if home is None or not was_firing or not home.is_open or any(member.is_firing for member in home.members):
            return
        rule = self._rule(project, home.rule)
        if rule is None or (rule.resolve == "all" and rule.resolve_after == 0):
            self.close(home)
        elif rule.resolve == "all":
            home.resolve_at = self.now + rule.resolve_after

    def close(self, home: Incident) -> None:
        home.is_open, home.resolved_at, home.resolve_at = False, self.now, None

    def _rule(self, project: str, name: str | None) -> IncidentRule | None:
        return next((rule for rule in self.rules_of(project).incidents if rule.name == name), None)

    # -- incidents: "Opening" of BEHAVIOUR 6 -------------------------------------------

    def take_part(self, project: str, alert: Alert) -> None:
        """Put a firing alert that is in no open incident to the rules."""
        if not alert.is_firing or alert.muted or alert.is_held_out or (alert.incident is not None and alert.incident.is_open):
            return
        rules = self.rules_of(project).incidents
        rule = next((rule for rule in rules if fits(rule.match, alert.content, alert)), None)
        if rule is not None:
            self._gather(self.project(project), rule, (rule.name, _values(rule, alert)), alert)

    def _gather(self, project: NaiveProject, rule: IncidentRule, group: Group, alert: Alert) -> None:
        newest = next((incident for incident in reversed(project.incidents) if incident.group == group), None)
        target = None if newest is None else newest.merged_into
        while target is not None and target.merged_into is not None:
            target = target.merged_into
        if target is not None and target.is_open:
            _join(target, alert)
            return
        if newest is not None and newest.is_open and self._saw_one_lately(newest, rule):
            _join(newest, alert)
            return
        waiting = [other for other in project.alerts if other is alert or self._waits(other, group, rule)]
        if len(waiting) < rule.open_when.alerts:
            alert.waits_for = group
            return
        may_reopen = newest is not None and not newest.is_open and newest.merged_into is None
        if newest is not None and may_reopen and self.now - newest.resolved_at < rule.reopen_within:
            newest.is_open = True
        else:
            newest = Incident(rule.name, group)
            project.incidents.append(newest)
        for member in waiting if rule.open_when.alerts > 1 else [alert]:
            _join(newest, member)

    def _waits(self, alert: Alert, group: Group, rule: IncidentRule) -> bool:
        is_near = rule.within is None or self.now - alert.last_seen_at <= rule.within
        return alert.waits_for == group and alert.is_firing and not alert.muted and is_near

    def _saw_one_lately(self, incident: Incident, rule: IncidentRule) -> bool:
        seen = max((member.last_seen_at for member in incident.members), default=0)
        return rule.within is None or self.now - seen <= rule.within

    # -- time ----------------------------------------------------------------------------

    def advance(self, timestamp: int, ticks: list[int]) -> None:
        """Move now, over an hour only if a tick agrees (DESIGN section 1, "Time")."""
        is_leap = self.now > 0 and timestamp - self.now > 3_600_000
        if not is_leap or any(abs(at - timestamp) <= 300_000 for at in ticks):
            self.now = max(self.now, timestamp)

    def door_tick(self) -> None:
        gap = 0 if self.door_at is None else self.now - self.door_at
        self.put_off += gap + DOOR_GRACE_MILLIS if gap > DOOR_GAP_MILLIS else 0
        self.door_at = self.now

    def end_what_is_absent(self) -> None:
        """On a tick of the clock: resolve what stayed away while a door was open."""
        for name, project in self.projects.items() if self.is_door_open else ():
            for alert in project.alerts:
                if alert.is_open and alert.expires_at is not None and alert.expires_at <= self.door_clock:
                    self.resolve(name, alert)

    def close_what_is_quiet(self) -> None:
        """On a tick of the clock: resolve incidents that were quiet for long enough."""
        for project in self.projects.values():
            for incident in project.incidents:
                if incident.resolve_at is not None and incident.resolve_at <= self.now:
                    self.close(incident)

    # -- heartbeats ------------------------------------------------------------------------

    def silent_now(self) -> Iterator[tuple[str, str]]:
        """Give the integrations that should have been heard by now; a new one has until its interval is over."""
        for name, rules in self.rules.projects.items() if self.is_door_open else ():
            project = self.project(name)
            for integration, settings in rules.integrations.items():
                if settings.heartbeat is None:
                    continue
                heard_at = project.heard_at.setdefault(integration, self.door_clock)
                is_told = project.open_of((fingerprint(integration), b"")) is not None
                if heard_at + settings.heartbeat <= self.door_clock and not is_told:
                    yield name, integration

    def hear(self, project: str, integration: str) -> None:
        """Note that an integration sent something: the alert about its silence is over."""
        settings = self.rules_of(project).integrations.get(integration, NOT_CONFIGURED)
        if settings.heartbeat is None:
            return
        self.project(project).heard_at[integration] = self.door_clock
        silence = self.project(project).open_of((fingerprint(integration), b""))
        if silence is not None:
            self.resolve(project, silence, is_recovered=True)


NOT_CONFIGURED = Integration(format="generic")


def _join(incident: Incident, alert: Alert) -> None:
    if alert.incident is not None:
        alert.incident.members.remove(alert)
    alert.incident, alert.waits_for, alert.is_held_out, incident.resolve_at = incident, None, False, None
    incident.members.append(alert)


def _merge(alert: Alert, event: AlertEvent, content: Content) -> None:
    alert.events += 1
    newer = {name: value for name in Content.__struct_fields__ if (value := getattr(content, name)) and name != "title"}
    alert.content = replace(alert.content, **newer)
    alert.severity = event.severity or alert.severity
    alert.severity_as_sent = event.severity_as_sent or alert.severity_as_sent
    alert.started_at = alert.started_at if event.started_at is None else min(alert.started_at, event.started_at)


def _values(rule: IncidentRule, alert: Alert) -> tuple[str, ...]:
    own = f"{alert.identity}" if alert.identity[0] else f"#{alert.number}"
    return tuple(own if name == "..." else value_of(alert.content, alert, name) for name in rule.group_by)


def _read(body: bytes) -> Content | None:
    try:
        return decode_body(body, Content)
    except MalformedRecord:
        return None
