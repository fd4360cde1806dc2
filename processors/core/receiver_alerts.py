"""What becomes of alerts that a sink raises about receivers it cannot reach: an incident each, told to all other receivers.

No rule of the project opens or gathers them, and no route is asked: whom they are about could else be the only one told.
Silences hold for them as for any alert. Not here: who raises them (`sinks/own_alerts.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from processors.core.content import content_of
from processors.core.state import State
from schemas.own_alerts import OWN_INTEGRATION, RECEIVERS_LABEL
from schemas.records import AlertState, IncidentState


def is_own(alert: AlertState) -> bool:
    """Whether it opens an incident by itself (`correlate.py`)."""
    return alert.integration == OWN_INTEGRATION


def receivers_of(state: State, incident: IncidentState) -> Iterator[tuple[str, int | None]] | None:
    """Give all receivers of the project but those that the incident is about, each with its reminder; None: it is another's."""
    alert = None if incident.first_alert is None else state.alerts.get((incident.project, incident.first_alert))
    if alert is None or not is_own(alert):
        return None
    about = content_of(state, alert).labels.get(RECEIVERS_LABEL, "").split(",")
    reminders: dict[str, int | None] = {}
    for route in state.rules.of(incident.project).project.notify:
        for receiver in route.receivers:
            if receiver not in about:
                reminders.setdefault(receiver, route.remind_after)
    return iter(reminders.items())
