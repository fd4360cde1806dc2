"""What a Slack message needs to know besides the incident: names of people, where the console is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.configuration import Person
from schemas.records import ALERT_BOT, IncidentState
from schemas.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """`operator_url` has no slash at its end."""

    operator_url: str
    people: Mapping[str, Person] = field(default_factory=dict)

    def incident_url(self, incident: IncidentState) -> str:
        return f"{self._project_url(incident)}/incidents/{incident.number}"

    def alert_url(self, incident: IncidentState) -> str | None:
        """Where the alert that opened it is; None: a person opened it."""
        return None if incident.first_alert is None else f"{self._project_url(incident)}/alerts/{incident.first_alert}"

    def name(self, person: str) -> str:
        """Name a person for reading, without waking him."""
        if person == ALERT_BOT:
            return "Alert Bot"
        return self.people[person].name if person in self.people else person

    def slack_user(self, person: str) -> str | None:
        return self.people[person].slack if person in self.people else None

    def _project_url(self, incident: IncidentState) -> str:
        return f"{self.operator_url}/api/v1/projects/{incident.project}"


def operator_url(settings: Settings) -> str:
    """Give the address of the operator's door, as people's browsers reach it."""
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://{settings.operator_listen}"
