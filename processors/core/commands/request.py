"""One command on its way: who asks for what of which alert, incident or silence, and what it led to.

Not here: what each command does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from processors.core.notify import tell, tell_all
from processors.core.rules import ProjectRules
from processors.core.state import State
from processors.core.timeline import record_of_alert
from processors.core.transition import close_if_quiet
from processors.core.work import IncidentChange
from schemas.errors import SenderError
from schemas.records import AlertState, Command, IncidentState, NotificationKind, SilenceState


class Refused(SenderError):
    """What is asked for cannot be as things are; says why."""


@dataclass(slots=True)
class Request:
    """A command about one thing. The handlers note in `alert`, `incident` and `silence` what the answer shows."""

    state: State
    command: Command
    number: int | None
    alert: int | None = None
    incident: int | None = None
    silence: str | None = None

    @property
    def actor(self) -> str:
        return self.command.actor

    @property
    def project(self) -> str:
        return self.command.project

    @property
    def rules(self) -> ProjectRules:
        return self.state.rules.of(self.project)

    # -- what it is about --------------------------------------------------------

    def find_alert(self, number: int | None = None) -> AlertState:
        """Give the alert that is asked about; raises `Refused` when there is none, or none any more."""
        wanted = self.number if number is None else number
        found = None if wanted is None else self.state.alerts.get((self.project, wanted))
        if found is None:
            raise Refused(self._missing("alert", wanted, self.state.project(self.project).alerts))
        self.alert, self.incident = found.number, found.incident
        return found

    def find_incident(self, number: int | None = None) -> IncidentState:
        """Give the incident that is asked about; raises `Refused` when there is none, or none any more."""
        wanted = self.number if number is None else number
        found = None if wanted is None else self.state.incidents.get((self.project, wanted))
        if found is None:
            raise Refused(self._missing("incident", wanted, self.state.project(self.project).incidents))
        self.incident = found.number
        return found

    def find_open_incident(self, number: int | None = None) -> IncidentState:
        """The same; raises `Refused` too when it is resolved."""
        found = self.find_incident(number)
        if not found.is_open:
            where = "" if found.merged_into is None else f", merged into #{found.merged_into}"
            raise Refused(f"incident #{found.number} is resolved{where}")
        return found

    def find_silence(self) -> SilenceState:
        found = self.state.silences.get((self.project, str(self.number)))
        if found is None:
            raise Refused(self._missing("silence", self.number, self.state.project(self.project).silences))
        self.silence = found.id
        return found

    def _missing(self, kind: str, number: int | None, newest: int) -> str:
        if number is not None and 1 <= number <= newest:
            return f"{kind} #{number} ended too long ago to be changed; it can still be read"
        return f"there is no {kind} #{number}"

    def check_member(self, person: str) -> None:
        """Raise `Refused` for somebody who is no member of the project."""
        if person not in self.rules.project.members:
            raise Refused(f"{person} is no member of project {self.project}")

    # -- what comes of it --------------------------------------------------------

    def tell(self, incident: IncidentState, kind: NotificationKind) -> None:
        tell(self.state, IncidentChange(incident.project, incident.number, kind), self.actor)

    def let_close(self, incident: IncidentState | None) -> None:
        """Let an open incident that an alert has left close when all others in it have ended; an empty one stays open."""
        if incident is not None and incident.is_open and incident.total > 0:
            changes: list[IncidentChange] = []
            close_if_quiet(self.state, self.rules, incident, changes)
            tell_all(self.state, changes)

    def note(self, alert: AlertState, kind: str, text: str, details: Mapping[str, str] | None = None) -> None:
        record_of_alert(self.state, alert, kind, text, self.actor, details)
