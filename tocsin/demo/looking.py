"""How every scene looks at what has come of it: incidents, Slack and the status page, each told and then expected.

Not here: the scenes (`story.py`, `people.py`), how each place is read (`seen.py`, `slack.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from schemas.shapes import shape_of
from tocsin.demo.doors import Doors, Sent
from tocsin.demo.person import Person
from tocsin.demo.seen import Alert, Incident, Operator, Page, ReadModel, StatusPage
from tocsin.demo.slack import FakeSlack
from tocsin.demo.telling import SEVERITY_STYLES, Teller

Brief = tuple[int, str, str, int]
"""An incident as a scene expects it: number, severity, status, firing alerts."""


@dataclass(frozen=True, slots=True)
class Scenery:
    """What the story acts through and looks at: `operator` the shop, `watched` tocsin itself as Prometheus sees it.

    `slack` is None when the real one is used. `ledger` gives its books, a row for each project.
    """

    doors: Doors
    ada: Person
    operator: Operator
    watched: Operator
    page: StatusPage
    read_model: ReadModel
    slack: FakeSlack | None
    ledger: Callable[[], list[dict[str, Any]]]
    now_millis: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Looking:
    """Waits until what is seen is what is wanted, tells it, and says whether it is so."""

    teller: Teller
    at: Scenery

    def tell_sent(self, integration: str, what: str, sent: Sent) -> None:
        """Say what a sender sent and how its door answered."""
        self.teller.tell(integration, f"{what}; answered {sent.status} in {sent.millis:.0f} ms")

    def tell_incidents(self, *numbers: int) -> None:
        """Say how these incidents are now."""
        alerts = self.at.operator.alerts()
        for found in self.at.operator.incidents():
            if found.number in numbers:
                self._tell_incident(found, [f"#{alert.number}" for alert in alerts if alert.incident == found.number])

    def _tell_incident(self, incident: Incident, alerts: list[str]) -> None:
        shape = shape_of(incident.severity, incident.status)
        named = f"{'alert' if len(alerts) == 1 else 'alerts'} {', '.join(alerts)}" if alerts else "no alerts"
        self.teller.tell(
            "decided",
            f"incident #{incident.number} {incident.status}: {shape} {incident.severity}, {incident.title} "
            f"({named}; {incident.alerts.firing} firing)",
            "" if incident.status == "resolved" else SEVERITY_STYLES.get(incident.severity, ""),
        )

    def await_incidents(self, what: str, wanted: list[Brief], *told: int) -> None:
        """Expect all the incidents there are."""
        self.teller.await_that(
            what, wanted, lambda: brief_incidents(self.at.operator.incidents()), lambda: self.tell_incidents(*told)
        )

    def await_slack(self, what: str, messages: int, resolved: int = 0, acknowledged: int = 0) -> None:
        """Expect so many messages. A resolution is an edit of the message and a reply in its thread; so is an acknowledgement."""
        slack = self.at.slack
        if slack is not None:
            wanted = (messages, resolved, resolved + acknowledged)
            self.teller.await_that(what, wanted, slack.counts, partial(self._tell_slack, slack))

    def _tell_slack(self, slack: FakeSlack) -> None:
        for line in slack.news():
            self.teller.tell("slack", line)

    def await_page(self, what: str, broken: dict[str, str], published: list[str]) -> None:
        """Expect these components to be broken and these incidents to be open on the status page."""
        self.teller.await_that(what, (broken, published), lambda: _public(self.at.page.read()), self._tell_page)

    def _tell_page(self) -> None:
        page = self.at.page.read()
        parts = [f"{name}: {status.replace('_', ' ')}" for name, status in page.broken.items()]
        titles = [f"“{incident.name}”, {incident.status}" for incident in page.incidents]
        self.teller.tell("status page", "; ".join([page.status.description, *parts, *titles]))


def brief_alerts(alerts: list[Alert]) -> list[tuple[int, str, int, int | None]]:
    return [(alert.number, alert.status, alert.events, alert.incident) for alert in alerts]


def brief_incidents(incidents: list[Incident]) -> list[Brief]:
    return [(incident.number, incident.severity, incident.status, incident.alerts.firing) for incident in incidents]


def _public(page: Page) -> tuple[dict[str, str], list[str]]:
    return page.broken, [incident.name for incident in page.incidents]
