"""One partition's state in memory: entities by key, indexes derived from them, and undo.

Every write goes through `State`, which keeps the indexes right, records the change in the current `Decisions` and can
undo it. The indexes are functions of the entities alone: recovery puts the entities back and has the same indexes,
in whatever order they come. Not here: what the rules of the product are (the steps) and how state is written (`journal.py`).
"""

from __future__ import annotations

import heapq
from typing import Any, Literal

from msgspec.structs import replace

from processors.core.answers import Answer
from processors.core.decisions import Cause, Decisions, Key
from processors.core.due import OF_ALERTS, OF_INCIDENTS, Entity, TimerKind, Timers, due_of
from processors.core.groups import group_of
from processors.core.mute_index import MuteIndex
from processors.core.noted_index import NotedIndex
from processors.core.rules import NO_RULES, Rules
from processors.core.undo import Undoable
from schemas.records import (
    AlertState,
    CommandState,
    Forgetting,
    IncidentState,
    PartitionState,
    ProjectState,
    SilenceState,
    SourceOffset,
)

Identity = tuple[str, str, bytes]
"""Project, fingerprint and identity of a condition."""
KNOWN_MILLIS = 7 * 86_400_000
"""How long after its end a forgotten alert is named as `previous`."""
FOR_EVER = 1 << 62
DOOR_GAP_MILLIS = 10_000
DOOR_GRACE_MILLIS = 60_000
"""Without a door tick for the first, absences rest; when one comes they are put off by the gap and the second (BEHAVIOUR 4)."""


class State(Undoable):
    """Everything that decisions of one partition depend on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.ticked_at = 0
        self.door_tick_at: int | None = None
        self.put_off_millis = 0
        self.configuration_version = -1
        self.configuration: bytes | None = None
        self.pending_version = -1
        self.pending_parts: list[bytes] = []
        self.sources: list[SourceOffset] = []
        self.rules: Rules = NO_RULES

        self.alerts: dict[Key, AlertState] = {}
        self.contents: dict[Key, bytes] = {}
        self.incidents: dict[Key, IncidentState] = {}
        self.projects: dict[str, ProjectState] = {}
        self.silences: dict[tuple[str, str], SilenceState] = {}
        self.commands: dict[tuple[str, str, str], Answer] = {}
        """What was answered, oldest first."""

        self.open_alerts: dict[Identity, int] = {}
        self.newest_alerts: dict[Identity, int] = {}
        self.older_alerts: dict[Identity, dict[int, None]] = {}
        """Others of an identity that are still known, beside its newest."""
        self.unassigned: dict[str, dict[int, None]] = {}
        self.members: dict[Key, dict[int, None]] = {}
        self.last_seen: dict[Key, int] = {}
        self.waiting: dict[tuple[str, str], dict[int, None]] = {}
        self.newest_incidents: dict[tuple[str, str], int] = {}
        self.known: dict[Identity, tuple[int, int]] = {}
        """Newest forgotten alert of an identity, and until when it is named."""
        self._known_ends: list[tuple[int, Identity]] = []
        self.group_incidents: dict[tuple[str, str], dict[int, None]] = {}
        self._timers = Timers()
        self._expiries: list[tuple[int, str, int]] = []
        self._expiry_of: dict[Key, int] = {}
        """The earliest entry of `_expiries` for each alert; a later end is looked at when that one is due."""
        self.unmatched_by_rules: dict[Key, tuple[int, bytes, str, str | None, str]] = {}
        """Only a memory of what no rule matched (configuration, content, severity as ours and as sent, status)."""

        self.mutes = MuteIndex(self._set, self._remove)
        self.noted = NotedIndex(self._set, self._remove)

        self.decisions = Decisions(-1)
        self.cause = Cause()

    # -- one record ------------------------------------------------------------

    def begin(self, offset: int) -> Decisions:
        """Start the decisions about the record at this offset."""
        self.decisions = Decisions(offset)
        self.cause = Cause(offset)
        return self.decisions

    # -- alerts ----------------------------------------------------------------

    def change_alert(self, alert: AlertState, **changes: Any) -> AlertState:
        """Put a changed form of an alert; its version rises once for each record that changes it."""
        version = alert.version if (alert.project, alert.number) in self.decisions.alerts else alert.version + 1
        changed = replace(alert, version=version, offset=self.cause.offset, index=self.cause.index, **changes)
        self.put_alert(changed)
        return changed

    def put_alert(self, alert: AlertState) -> None:
        key = (alert.project, alert.number)
        old = self.alerts.get(key)
        self._set(self.alerts, key, alert)
        self._set(self.decisions.alerts, key, alert)
        self.mutes.note_alert(old, alert)
        self._index_identity(alert)
        self._index_membership(key, old, alert)
        if alert.forget_at is not None or alert.steady_at is not None or alert.hold_until is not None:
            self._timers.note(OF_ALERTS, old, alert)
        if alert.expires_at is not None and alert.expires_at < self._expiry_of.get(key, FOR_EVER):
            self._expiry_of[key] = alert.expires_at
            heapq.heappush(self._expiries, (alert.expires_at, *key))

    def _index_identity(self, alert: AlertState) -> None:
        if not alert.fingerprint:
            return
        identity = (alert.project, alert.fingerprint, alert.identity)
        is_noted = self.open_alerts.get(identity) == alert.number
        if alert.is_open and not is_noted:
            self._set(self.open_alerts, identity, alert.number)
        elif is_noted and not alert.is_open:
            self._remove(self.open_alerts, identity)
        newest = self.newest_alerts.get(identity, 0)
        if newest == alert.number:
            return
        if alert.number > newest:
            self._set(self.newest_alerts, identity, alert.number)
        if newest:
            self._set(self._bucket(self.older_alerts, identity), min(newest, alert.number), None)

    def _index_membership(self, key: Key, old: AlertState | None, alert: AlertState) -> None:
        project, number = key
        if old is not None and old.incident is not None and old.incident != alert.incident:
            self._leave(project, old.incident, number)
        if alert.incident is not None:
            home = (project, alert.incident)
            members = self._bucket(self.members, home)
            if not members or alert.last_seen_at > self.last_seen.get(home, FOR_EVER):
                self._set(self.last_seen, home, alert.last_seen_at)
            self._set(members, number, None)
        if alert.incident is None and alert.is_open:
            self._set(self._bucket(self.unassigned, project), number, None)
        else:
            self._remove(self._bucket(self.unassigned, project), number)
        if old is not None and old.waiting_group is not None and old.waiting_group != alert.waiting_group:
            self._remove(self._bucket(self.waiting, (project, old.waiting_group)), number)
        if alert.waiting_group is not None:
            self._set(self._bucket(self.waiting, (project, alert.waiting_group)), number, None)

    def _leave(self, project: str, incident: int, number: int) -> None:
        home = (project, incident)
        self._remove(self._bucket(self.members, home), number)
        self._remove(self.last_seen, home)  # found anew when it is asked for: many may leave at once

    def last_seen_in(self, incident: IncidentState) -> int:
        """Give when the newest event of an incident's alerts came; without alerts, when it was opened."""
        home = (incident.project, incident.number)
        seen = self.last_seen.get(home)
        if seen is None:
            members = self.members.get(home, ())
            seen = max((self.alerts[home[0], number].last_seen_at for number in members), default=incident.created_at)
            if members:
                self._set(self.last_seen, home, seen)
        return seen

    def forget_alert(self, alert: AlertState) -> None:
        """Drop a resolved alert; it is known by its number for a while."""
        key, ended_at = (alert.project, alert.number), alert.resolved_at or self.now
        known_until = ended_at + KNOWN_MILLIS if alert.fingerprint else None
        self.drop_alert(
            Forgetting(alert.project, "alert", str(alert.number), alert.fingerprint, alert.identity, known_until), key
        )

    def drop_alert(self, forgetting: Forgetting, key: Key) -> None:
        """Drop an alert as a forgetting says, which recovery reads again."""
        alert = self.alerts[key]
        identity = (alert.project, alert.fingerprint, alert.identity)
        if alert.incident is not None:
            self._leave(alert.project, alert.incident, alert.number)
        self._unindex_identity(identity, alert.number)
        if forgetting.known_until is not None and alert.number > self.known.get(identity, (0, 0))[0]:
            self._set(self.known, identity, (alert.number, forgetting.known_until))
            heapq.heappush(self._known_ends, (forgetting.known_until, identity))
        self.mutes.forget_alert(alert)
        for index in (self.alerts, self.contents, self.unmatched_by_rules):
            self._remove(index, key)
        self.decisions.forgettings.append(forgetting)

    def _unindex_identity(self, identity: Identity, number: int) -> None:
        older = self.older_alerts.get(identity, {})
        if self.newest_alerts.get(identity) != number:
            self._remove(older, number)
        elif older:
            newest = max(older)
            self._remove(older, newest)
            self._set(self.newest_alerts, identity, newest)
        else:
            self._remove(self.newest_alerts, identity)
        if not older:
            self._remove(self.older_alerts, identity)

    def drop_what_is_no_longer_known(self) -> None:
        """Free the memory of alerts that ended over 7 days ago; nobody is told of them any more."""
        while self._known_ends and self._known_ends[0][0] <= self.ticked_at:
            until, identity = heapq.heappop(self._known_ends)
            if self.known.get(identity, (0, 0))[1] == until:
                del self.known[identity]

    def put_content(self, key: Key, content: bytes) -> None:
        self._set(self.contents, key, content)
        self._set(self.decisions.contents, key, content)

    def put_payload(self, key: Key, payload: bytes) -> None:
        """Pass a payload on; the state itself keeps only its hash, in the alert."""
        self._set(self.decisions.payloads, key, payload)

    # -- silences --------------------------------------------------------------

    def change_silence(self, silence: SilenceState, **changes: Any) -> SilenceState:
        """Put a changed form of a silence; its version rises once for each record that changes it."""
        version = silence.version if (silence.project, silence.id) in self.decisions.silences else silence.version + 1
        changed = replace(silence, version=version, offset=self.cause.offset, index=self.cause.index, **changes)
        self.put_silence(changed)
        return changed

    def put_silence(self, silence: SilenceState) -> None:
        key = (silence.project, silence.id)
        self.mutes.silences.file(self.silences.get(key), silence)
        self._timers.note_silence(silence)
        self._set(self.silences, key, silence)
        self._set(self.decisions.silences, key, silence)

    def forget_silence(self, silence: SilenceState) -> None:
        """Drop a silence that has ended."""
        self.mutes.silences.unfile(silence)
        self._remove(self.silences, (silence.project, silence.id))
        self.decisions.forgettings.append(Forgetting(silence.project, "silence", silence.id))

    # -- commands --------------------------------------------------------------

    def put_command(self, command: CommandState) -> None:
        """Remember a command as the newest."""
        key = (command.project, command.actor, command.command_id)
        self._remove(self.commands, key)
        self._set(self.commands, key, Answer.of(command))
        self.decisions.commands.append(command)

    # -- incidents and projects ------------------------------------------------

    def change_incident(self, incident: IncidentState, **changes: Any) -> IncidentState:
        """Put a changed form of an incident; its version rises once for each record that changes it."""
        version = incident.version if (incident.project, incident.number) in self.decisions.incidents else incident.version + 1
        changed = replace(incident, version=version, offset=self.cause.offset, index=self.cause.index, **changes)
        self.put_incident(changed)
        return changed

    def put_incident(self, incident: IncidentState) -> None:
        key = (incident.project, incident.number)
        old = self.incidents.get(key)
        self._set(self.incidents, key, incident)
        self._set(self.decisions.incidents, key, incident)
        if incident.rule is not None and old is None:
            group = group_of(incident.project, incident)
            self._set(self._bucket(self.group_incidents, group), incident.number, None)
            if incident.number > self.newest_incidents.get(group, 0):
                self._set(self.newest_incidents, group, incident.number)
        self._timers.note(OF_INCIDENTS, old, incident)

    def forget_incident(self, incident: IncidentState) -> None:
        """Drop an incident; alerts that are still in it keep its number."""
        key = (incident.project, incident.number)
        self._remove(self.incidents, key)
        if incident.rule is not None:
            group = group_of(incident.project, incident)
            others = self.group_incidents[group]
            self._remove(others, incident.number)
            if others:
                self._set(self.newest_incidents, group, max(others))
            else:
                self._remove(self.newest_incidents, group)
                self._remove(self.group_incidents, group)
        self.decisions.forgettings.append(Forgetting(incident.project, "incident", str(incident.number)))

    def forget(self, forgetting: Forgetting) -> None:
        """Drop what a forgetting names, as it was dropped when it was decided; for recovery."""
        match forgetting.kind:
            case "alert":
                self.drop_alert(forgetting, (forgetting.project, int(forgetting.id)))
            case "incident":
                self.forget_incident(self.incidents[forgetting.project, int(forgetting.id)])
            case "silence":
                self.forget_silence(self.silences[forgetting.project, forgetting.id])

    def incident_of(self, alert: AlertState) -> IncidentState | None:
        """Give the incident that holds an alert, open or resolved; None: it is in none, or in one that was forgotten."""
        return None if alert.incident is None else self.incidents.get((alert.project, alert.incident))

    def project(self, name: str) -> ProjectState:
        return self.projects.get(name) or ProjectState(name, 0, 0, 0)

    def change_project(self, project: ProjectState, **changes: Any) -> None:
        """Put a changed form of a project; its version rises once for each record that changes it."""
        version = project.version if project.project in self.decisions.projects else project.version + 1
        self.put_project(replace(project, version=version, **changes))

    def next_number(self, project: str, kind: Literal["alerts", "incidents", "silences"]) -> int:
        """Take the next running number of a project."""
        old = self.project(project)
        number = int(getattr(old, kind)) + 1
        self.change_project(old, **{kind: number})
        return number

    def put_project(self, project: ProjectState) -> None:
        self.noted.note_project(self.projects.get(project.project), project)
        self._set(self.projects, project.project, project)
        self._set(self.decisions.projects, project.project, project)

    # -- timers ----------------------------------------------------------------

    def pop_due_timer(self) -> tuple[TimerKind, Entity] | None:
        """Take the first timer that is due and still stands; one that its entity has since moved or dropped is passed over."""
        while (timer := self._timers.pop(self.now)) is not None:
            due, kind, project, number = timer
            entity: Entity | None
            if kind.startswith("alert"):
                entity = self.alerts.get((project, number))
            elif kind.startswith("incident"):
                entity = self.incidents.get((project, number))
            else:
                entity = self.silences.get((project, str(number)))
            if entity is not None and due_of(entity, kind) == due:
                return kind, entity
        return None

    @property
    def door_clock(self) -> int:
        """The clock of absences, in milliseconds: now, less all that it was put off while no door was open."""
        return self.now - self.put_off_millis

    @property
    def is_door_open(self) -> bool:
        return self.door_tick_at is not None and self.now - self.door_tick_at <= DOOR_GAP_MILLIS

    def note_door(self) -> None:
        """A door is open; if none was for a while, absences are put off by that while and some more (BEHAVIOUR 4)."""
        gap = 0 if self.door_tick_at is None else self.now - self.door_tick_at
        if gap > DOOR_GAP_MILLIS:
            self.put_off_millis += gap + DOOR_GRACE_MILLIS
        self.door_tick_at = self.now

    def pop_expired(self) -> AlertState | None:
        """Take the open alert that should have been sent again longest ago; none while no door is open."""
        while self.is_door_open and self._expiries and self._expiries[0][0] <= self.door_clock:
            due, project, number = heapq.heappop(self._expiries)
            key = (project, number)
            if self._expiry_of.get(key) == due:
                del self._expiry_of[key]
            alert = self.alerts.get(key)
            if alert is None or not alert.is_open or alert.expires_at is None or key in self._expiry_of:
                continue
            if alert.expires_at == due:
                return alert
            # Not yet, or after others: in the order of their ends, whenever they were last looked at.
            self._expiry_of[key] = alert.expires_at
            heapq.heappush(self._expiries, (alert.expires_at, *key))
        return None

    # -- the partition's own state ---------------------------------------------

    def partition_state(self, with_configuration: bool) -> PartitionState:
        return PartitionState(
            now=self.now,
            ticked_at=self.ticked_at,
            door_tick_at=self.door_tick_at,
            put_off_millis=self.put_off_millis,
            configuration_version=self.configuration_version,
            configuration=self.configuration if with_configuration else None,
            pending_version=self.pending_version,
            pending_parts=list(self.pending_parts),
            sources=list(self.sources),
        )

    def restore_partition(self, saved: PartitionState) -> None:
        """Take over what an entry says of the partition itself."""
        self.now = saved.now
        self.ticked_at = saved.ticked_at
        self.door_tick_at = saved.door_tick_at
        self.put_off_millis = saved.put_off_millis
        self.pending_version = saved.pending_version
        self.pending_parts = list(saved.pending_parts)
        self.sources = list(saved.sources)
        self.configuration_version = saved.configuration_version
        if saved.configuration is not None:
            self.configuration = saved.configuration
            self.rules = Rules.compile(saved.configuration_version, saved.configuration)
