"""Whom to tell of a change, by the project's routes and by who was told before (BEHAVIOUR 7).

Not here: how a receiver is told (the sinks).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from msgspec.structs import replace

from processors.core import receiver_alerts
from processors.core.attempt import attempt_each
from processors.core.content import lookup_of
from processors.core.incidents import is_worse
from processors.core.rules import Lookup
from processors.core.state import State
from processors.core.work import IncidentChange, Round
from schemas.matchers import SEVERITY_WORDS
from schemas.records import ALERT_BOT, IncidentState, Notification, NotificationKind, Reminder

KINDS: tuple[NotificationKind, ...] = ("resolved", "opened", "reopened", "severity_raised")
"""What a round may change, in the order in which it is told: first what is over; an opening names the severity raised with it."""


def notify(round: Round) -> None:
    """Decide the notifications of all that changed; what flapping alerts alone have caused is told by its end alone."""
    changes = [change for change, is_steady in round.changes.items() if is_steady or change.kind == "resolved"]
    changes.sort(key=lambda change: (KINDS.index(change.kind), change.project, change.incident))
    attempt_each(round.state, changes, partial(tell, round.state), _problem)


def tell_all(state: State, changes: Iterable[IncidentChange]) -> None:
    """Decide the notifications of several changes, in their order."""
    for change in changes:
        tell(state, change)


def _problem(change: IncidentChange, error: Exception) -> str:
    return f"nobody could be told that incident {change.project}/{change.incident} is {change.kind}: {error!r}"


def tell(state: State, change: IncidentChange, actor: str = ALERT_BOT) -> None:
    """Decide the notifications of one change; a receiver that knows it already is not told again."""
    incident = state.incidents[change.project, change.incident]
    match change.kind:
        case "opened":
            _tell_newcomers(state, incident, "opened", actor)
        case "reopened" | "severity_raised":
            kind = "reopened" if incident.is_told_resolved else change.kind  # it was reopened in silence, by what flapped
            incident = _tell_those_who_know(state, incident, kind, actor)
            incident = _tell_newcomers(state, incident, "opened", actor)
            if incident.is_told_resolved:
                state.change_incident(incident, is_told_resolved=False)
        case "resolved":
            incident = _tell_those_who_know(state, incident, change.kind, actor)
            if incident.told:
                state.change_incident(incident, is_told_resolved=True)
        case _:
            _tell_those_who_know(state, incident, change.kind, actor)


def tell_anew(state: State, incident: IncidentState, receiver: str, actor: str) -> IncidentState:
    """Tell a receiver of an incident as if it had opened now, whatever it was told; from then on it hears of all changes."""
    incident = _decide(state, incident, "opened", receiver, actor)
    return incident if receiver in incident.told else state.change_incident(incident, told=[*incident.told, receiver])


def _tell_newcomers(state: State, incident: IncidentState, kind: NotificationKind, actor: str) -> IncidentState:
    """Tell the receivers of the routes that match now and were never told that it is open."""
    routes = list(_receivers(state, incident))
    for receiver, _ in routes:
        if receiver not in incident.told:
            incident = _decide(state, incident, kind, receiver, actor)
            incident = state.change_incident(incident, told=[*incident.told, receiver])
    incident = _remind_later(state, incident, routes)
    if incident.told and is_worse(incident.severity, incident.told_severity):
        incident = state.change_incident(incident, told_severity=incident.severity)
    return incident


def _tell_those_who_know(state: State, incident: IncidentState, kind: NotificationKind, actor: str) -> IncidentState:
    if kind == "severity_raised" and not is_worse(incident.severity, incident.told_severity):
        return incident
    for receiver in incident.told:
        incident = _decide(state, incident, kind, receiver, actor)
    return incident


def _decide(state: State, incident: IncidentState, kind: NotificationKind, receiver: str, actor: str) -> IncidentState:
    number = incident.notification_count + 1
    state.decisions.notifications.append(
        Notification(
            incident.project, incident.number, number, kind, receiver, state.now,
            incident.severity, incident.status, actor, state.cause.offset, state.cause.index,
        )
    )  # fmt: skip
    return state.change_incident(incident, notification_count=number)


def _remind_later(state: State, incident: IncidentState, routes: list[tuple[str, int | None]]) -> IncidentState:
    """Have those who were told reminded while nobody acknowledges, as their routes say; reminders that stand go on."""
    if incident.status != "triggered":
        return incident
    standing = {reminder.receiver for reminder in incident.reminders}
    new = {
        receiver: Reminder(receiver, every, state.now + every)
        for receiver, every in routes
        if every and receiver in incident.told and receiver not in standing
    }
    return set_reminders(state, incident, [*incident.reminders, *new.values()]) if new else incident


def set_reminders(state: State, incident: IncidentState, reminders: list[Reminder]) -> IncidentState:
    """Put the reminders to come, and the timer of the first."""
    at = min((reminder.at for reminder in reminders), default=None)
    return state.change_incident(incident, reminders=reminders, remind_at=at)


def remind(state: State, incident: IncidentState) -> None:
    """Tell again whoever it is time to, unless all that fires is muted or flapping; either way, the next comes in its turn."""
    is_quiet, reminders = _is_quiet(state, incident), []
    for reminder in incident.reminders:
        if reminder.at > state.now:
            reminders.append(reminder)
            continue
        if not is_quiet:
            incident = _decide(state, incident, "reminder", reminder.receiver, ALERT_BOT)
        reminders.append(replace(reminder, at=state.now + reminder.every_millis))
    set_reminders(state, incident, reminders)


def _is_quiet(state: State, incident: IncidentState) -> bool:
    """Whether it has firing alerts, and each of them is muted or flapping."""
    members = (state.alerts[incident.project, number] for number in state.members.get((incident.project, incident.number), ()))
    firing = [alert.suppressed_by is not None or alert.is_flapping for alert in members if alert.counts_as_firing]
    return bool(firing) and all(firing)


def _receivers(state: State, incident: IncidentState) -> Iterator[tuple[str, int | None]]:
    """Give the receivers of the first route that matches, and of the ones after it while they say `continue`.

    With each, how long after it is reminded; None: never. What is about receivers goes to all the others.
    """
    others = receiver_alerts.receivers_of(state, incident)
    if others is not None:
        yield from others
        return
    lookup = incident_lookup(state, incident)
    for route in state.rules.of(incident.project).routes.find(lookup):
        for receiver in route.receivers:
            yield receiver, route.remind_after
        if not route.continue_:
            return


def incident_lookup(state: State, incident: IncidentState) -> Lookup:
    """Give the fields that routes match: the incident's own, all others its first alert's, else its group's values.

    A severity's words as sent are those of an alert that has the incident's severity: of a warning that became critical, the
    words for critical.
    """
    own = {
        "title": incident.title,
        "severity": incident.severity,
        "status": incident.status,
        "service": incident.service or "",
        **{part.name: part.value for part in incident.group if part.name not in ("title", "severity", "status")},
    }
    alert = None if incident.first_alert is None else state.alerts.get((incident.project, incident.first_alert))
    others = None if alert is None else lookup_of(state, alert)

    def lookup(name: str) -> str:
        if name in own:
            return own[name]
        if name == SEVERITY_WORDS:
            own[name] = _words(state, incident)
            return own[name]
        return "" if others is None else others(name)

    return lookup


def _words(state: State, incident: IncidentState) -> str:
    """Give the words for the severity of an incident: ours, and as the first of its alerts of that severity was sent."""
    members = state.members.get((incident.project, incident.number), ())
    alerts = (state.alerts[incident.project, number] for number in members)
    worst = min(
        (alert for alert in alerts if alert.severity == incident.severity),
        key=lambda alert: (alert.number != incident.first_alert, alert.number),
        default=None,
    )
    return incident.severity if worst is None else lookup_of(state, worst)(SEVERITY_WORDS)
