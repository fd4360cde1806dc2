"""A naive model of BEHAVIOUR 4 (what an event does to alerts) and 6 (which incident holds an alert), by linear search.

Written from the behaviour page, not from the core. Taken over from the core: whether an alert is muted (`Audit` looks
at that by itself), and what a person's command changed, where it says more than a status. Not here: the comparison
(`judge.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from processors.core.absence import SILENT
from processors.core.deduplicate import OWN_FORMAT
from processors.core.own_alerts import fingerprint
from schemas.codec import decode_body
from schemas.configuration import IncidentRule, Integration, PartitionConfiguration, Project
from schemas.errors import MalformedRecord
from schemas.records import SEVERITIES, AlertBatch, AlertEvent, Content, Severity
from tests.simulation.looking import fits, value_of

Identity = tuple[str, bytes]
Group = tuple[str, tuple[str, ...]]
PROMETHEUS_KINDS = ("alertmanager", "prometheus", "grafana")
STALE_MILLIS, CLOCKS_MILLIS, SILENT_MILLIS = 180_000, 2_000, 300_000
PARTS_MILLIS = 10_000
DOOR_GAP_MILLIS, DOOR_GRACE_MILLIS = 10_000, 60_000


@dataclass
class Claim:
    """What one sender of an alert with an end of its own last said, on the clock that rests while no door is open."""

    who: tuple[str, int | None]
    said_at: int
    until: int
    is_shared: bool = False


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
    ended_at: int = 0
    ended_by: str = ""
    received_at: int | None = None
    claims: list[Claim] = field(default_factory=list)
    hold_until: int | None = None
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
    is_resolved_by_hand: bool = False


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

    def forget(self, project: str, kind: str, id: str) -> None:
        """Drop an alert that the core no longer knows; incidents are kept for longer than anything is compared."""
        known = self.project(project)
        if kind == "alert":
            known.alerts = [alert for alert in known.alerts if alert.number != int(id)]

    # -- events: the table of BEHAVIOUR 4 --------------------------------------------

    def event(self, batch: AlertBatch, event: AlertEvent) -> tuple[str, Alert | None]:
        """Give an event's outcome and alert, which takes part in incidents only by `conclude`."""
        project, identity = self.project(batch.project), (event.fingerprint, event.identity)
        match_, newest = project.open_of(identity), project.newest_of(identity)
        is_over = event.expires_at is not None and event.expires_at <= self.now
        if not event.is_firing or is_over:
            return self._end(batch, event, match_, newest)
        verdict = "new" if match_ is not None or newest is None else self._verdict(batch, event, newest)
        if verdict == "stale":
            return "stale", newest
        content = _read(event.content)
        if content is None:
            return "rejected", None
        alert = match_ or (None if verdict == "new" else newest)
        if alert is None:
            alert = self._create(batch, event, content)
            alert.received_at = batch.received_at
            self._claim(batch, event, alert)
            return "created", alert
        _merge(alert, event, content)
        alert.last_seen_at, alert.received_at = self.now, batch.received_at
        self._claim(batch, event, alert, is_again=verdict == "again")
        if verdict == "again":
            self.open_again(alert)
        if verdict == "held":
            since, _ = self._by_hand(alert)
            alert.hold_until = since + self.rules_of(batch.project).resolved_by_hand_holds
        return "merged", alert

    def open_again(self, alert: Alert) -> None:
        alert.status, alert.hold_until = "triggered", None
        if alert.incident is not None:
            alert.incident.resolve_at = None  # it waits no longer to close

    def _end(self, batch: AlertBatch, event: AlertEvent, alert: Alert | None, newest: Alert | None) -> tuple[str, Alert | None]:
        if alert is None:
            if newest is not None:
                newest.hold_until = None
            return "unmatched", None
        if batch.format in PROMETHEUS_KINDS and self._is_late(batch, alert.received_at, alert.last_seen_at):
            return "stale", alert
        who = (batch.source, event.started_at)
        if event.expires_at is not None:
            for claim in list(alert.claims):
                if claim.who == who and not claim.is_shared:
                    alert.claims.remove(claim)
                claim.until = min(claim.until, claim.said_at + SILENT_MILLIS)
            if any(claim.until > self.door_clock for claim in alert.claims):
                content = _read(event.content)
                if content is None:
                    return "rejected", None
                _merge(alert, event, content)
                alert.last_seen_at = self.now
                alert.expires_at = max(claim.until for claim in alert.claims)
                return "merged", alert
        ended_at = event.ended_at if event.ended_at is not None else event.expires_at
        self.resolve(alert, "recovery", self.now if ended_at is None else ended_at)
        alert.received_at = batch.received_at
        return "recovered", alert

    def _by_hand(self, alert: Alert) -> tuple[int, bool]:
        """Say when a person resolved an alert or its incident, and whether one did."""
        if alert.ended_by == "person":
            return alert.resolved_at, True
        home = alert.incident
        is_so = home is not None and not home.is_open and home.is_resolved_by_hand
        return (home.resolved_at if home is not None else 0), is_so

    def _verdict(self, batch: AlertBatch, event: AlertEvent, newest: Alert) -> str:
        start = event.started_at
        if start is None or (start != newest.started_at and start >= min(newest.ended_at, newest.resolved_at)):
            return "new"
        since, is_by_hand = self._by_hand(newest)
        if is_by_hand:
            is_worse = event.severity is not None and SEVERITIES.index(event.severity) < SEVERITIES.index(newest.severity)
            is_held = self.now < since + self.rules_of(batch.project).resolved_by_hand_holds and not is_worse
            return "held" if is_held else "again"
        if batch.format not in PROMETHEUS_KINDS:
            return "new"
        return "stale" if self._is_late(batch, newest.received_at, newest.resolved_at) else "again"

    def _is_late(self, batch: AlertBatch, decided: int | None, at: int) -> bool:
        """Whether a door had a request over 2 s before the one that decided what an alert is, less than 3 minutes ago."""
        had = batch.received_at
        return had is not None and decided is not None and decided - had > CLOCKS_MILLIS and self.now - at < STALE_MILLIS

    def _claim(self, batch: AlertBatch, event: AlertEvent, alert: Alert, is_again: bool = False) -> None:
        """Note until when the alert fires, and who says so."""
        if event.expires_at is not None:
            until = event.expires_at - self.put_off
        elif event.expires_after_millis is not None:
            until = self.door_clock + event.expires_after_millis
        else:
            integration = None if batch.format == OWN_FORMAT else self.rules_of(batch.project).integrations.get(batch.integration)
            after = None if integration is None else integration.resolve_after
            alert.expires_at = None if after is None else self.door_clock + after
            return
        who = (batch.source, event.started_at)
        known = [claim for claim in alert.claims if claim.until > self.door_clock]
        is_shared = is_again or any(claim.is_shared for claim in known if claim.who == who)
        others = [claim for claim in known if claim.who != who]
        alert.claims = sorted([*others, Claim(who, self.door_clock, until, is_shared)], key=lambda claim: claim.until)[-8:]
        alert.expires_at = alert.claims[-1].until

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

    def resolve(self, alert: Alert, by: str, ended_at: int) -> None:
        """End an alert; whether that ends its incident is seen when all of a request was taken in."""
        alert.status, alert.resolved_at, alert.ended_at, alert.ended_by = "resolved", self.now, ended_at, by
        alert.expires_at = alert.waits_for = alert.received_at = None
        alert.claims = []

    def close_if_quiet(self, project: str, home: Incident, wait: int = 0) -> None:
        """End an incident whose last firing alert has ended (BEHAVIOUR 6, "Closing")."""
        if not home.is_open or any(member.is_firing for member in home.members):
            return
        rule = self._rule(project, home.rule)
        after = max(wait, 0 if rule is None else rule.resolve_after)
        if rule is not None and rule.resolve == "never":
            return
        if after:
            home.resolve_at = self.now + after
        else:
            self.close(home)

    def close(self, home: Incident) -> None:
        home.is_open, home.resolved_at, home.resolve_at, home.is_resolved_by_hand = False, self.now, None, False

    def _rule(self, project: str, name: str | None) -> IncidentRule | None:
        return next((rule for rule in self.rules_of(project).incidents if rule.name == name), None)

    # -- incidents: "Opening" of BEHAVIOUR 6 -------------------------------------------

    def conclude(self, project: str, fired: list[Alert], ended: list[Incident], wait: int = 0) -> None:
        """Put the firing alerts of a request, command or tick to the rules by their groups, then close what is quiet."""
        waiting = [alert for alert in fired if self._is_homeless(alert)]
        places: list[tuple[Incident | None, IncidentRule | None, Group | None]] = []
        members: list[list[Alert]] = []
        for alert in waiting:
            place = self._place(project, alert)
            if place is None:
                continue
            if alert.waits_for not in (None, place[2]):
                alert.waits_for = None  # it belongs elsewhere now
            if place not in places:
                places.append(place)
                members.append([])
            if alert not in members[places.index(place)]:
                members[places.index(place)].append(alert)
        for (own, rule, group), alerts in sorted(zip(places, members, strict=True), key=lambda filed: filed[0][0] is None):
            if own is not None:
                own.is_open = True
                for alert in alerts:
                    _join(own, alert)
            elif rule is not None and group is not None:
                self._gather(self.project(project), rule, group, alerts)
        for home in ended:
            self.close_if_quiet(project, home, wait)

    def _is_homeless(self, alert: Alert) -> bool:
        is_home = alert.incident is not None and alert.incident.is_open
        return alert.is_firing and not alert.muted and not alert.is_held_out and not is_home

    def _place(self, project: str, alert: Alert) -> tuple[Incident | None, IncidentRule | None, Group | None] | None:
        own = alert.incident
        if own is not None and own.merged_into is None and not self._has_newer_open(project, own):
            return own, None, None
        rules = self.rules_of(project).incidents
        rule = next((rule for rule in rules if fits(rule.match, alert.content, alert)), None)
        return None if rule is None else (None, rule, (rule.name, _values(rule, alert)))

    def _has_newer_open(self, project: str, own: Incident) -> bool:
        if own.group is None or self._rule(project, own.rule) is None:
            return False
        newest = [incident for incident in self.project(project).incidents if incident.group == own.group][-1]
        return newest is not own and newest.is_open

    def _gather(self, project: NaiveProject, rule: IncidentRule, group: Group, alerts: list[Alert]) -> None:
        newest = next((incident for incident in reversed(project.incidents) if incident.group == group), None)
        target = None if newest is None else newest.merged_into
        while target is not None and target.merged_into is not None:
            target = target.merged_into
        home = target if target is not None and target.is_open else newest
        is_joined = home is not None and home.is_open and (home is not newest or self._saw_one_lately(home, rule))
        if home is not None and is_joined:
            for alert in alerts:
                _join(home, alert)
            return
        waiting = [other for other in project.alerts if other in alerts or self._waits(other, group, rule)]
        if len(waiting) < rule.open_when.alerts:
            for alert in alerts:
                alert.waits_for = group
            return
        may_reopen = newest is not None and not newest.is_open and newest.merged_into is None
        if newest is not None and may_reopen and self.now - newest.resolved_at < rule.reopen_within:
            newest.is_open = True
        else:
            newest = Incident(rule.name, group)
            project.incidents.append(newest)
        for member in waiting if rule.open_when.alerts > 1 else alerts:
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
                    was_firing, ended_at = alert.is_firing, min(self.now, alert.expires_at + self.put_off)
                    self.resolve(alert, "timeout", ended_at)
                    if was_firing and alert.incident is not None:
                        self.close_if_quiet(name, alert.incident)

    def end_holds(self) -> Iterator[tuple[str, Alert]]:
        """On a tick of the clock: give what a person resolved, is still sent, and fires again now."""
        for name, project in self.projects.items():
            for alert in project.alerts:
                if alert.hold_until is None or alert.hold_until > self.now:
                    continue
                alert.hold_until = None
                is_over = alert.expires_at is not None and alert.expires_at <= self.door_clock
                if not is_over and project.open_of(alert.identity) is None:
                    self.open_again(alert)
                    yield name, alert

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
                is_told = project.open_of((fingerprint(integration, SILENT), b"")) is not None
                if heard_at + settings.heartbeat <= self.door_clock and not is_told:
                    yield name, integration

    def hear(self, project: str, integration: str) -> Incident | None:
        """Note that an integration sent something: the alert about its silence is over. Gives the incident it ended in."""
        settings = self.rules_of(project).integrations.get(integration, NOT_CONFIGURED)
        if settings.heartbeat is None:
            return None
        self.project(project).heard_at[integration] = self.door_clock
        silence = self.project(project).open_of((fingerprint(integration, SILENT), b""))
        if silence is None:
            return None
        was_firing = silence.is_firing
        self.resolve(silence, "recovery", self.now)
        return silence.incident if was_firing else None


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
