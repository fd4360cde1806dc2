"""Which alert an event belongs to, and what that makes of it (BEHAVIOUR 4, the matching table).

Not here: which of several senders still says that it fires (`senders.py`), what an event is to a resolved alert
(`again.py`), incidents and notifications.
"""

from __future__ import annotations

from typing import Any

from processors.core.again import PROMETHEUS_FORMATS, is_late_recovery, judge, resolved_by_hand
from processors.core.content import digest, merge_content, read_content
from processors.core.describe import format_time
from processors.core.flapping import note_change
from processors.core.forgetting import when_to_forget
from processors.core.senders import after_end, note_firing
from processors.core.state import State
from processors.core.timeline import record_of_alert
from processors.core.work import Work
from schemas.records import ALERT_BOT, AlertEvent, AlertState, ResolvedBy

OWN_FORMAT = "tocsin"
"""Of events that the core makes itself (`own_alerts.py`)."""
_KNOWN_BY_OTHER_MEANS = PROMETHEUS_FORMATS | {OWN_FORMAT}
"""Formats whose identity is no integration's name."""

NO_END: dict[str, Any] = {
    "ended_at": None,
    "resolved_at": None,
    "resolved_by": None,
    "resolver": "",
    "end_reason": None,
    "hold_until": None,
    "forget_at": None,
}
"""What an alert has of its end while it is open: nothing."""


def deduplicate(work: Work) -> None:
    """Find the alert and create, merge, recover or pass over."""
    event, state = work.event, work.state
    number = _find_open(work) if event.fingerprint else None
    match (event.is_firing and not has_expired(event, state.now), number):
        case (True, None):
            _fire(work, _newest(work))
        case (True, int()):
            _merge(work, state.alerts[work.batch.project, number])
        case (False, None):
            _pass_over(work, _newest(work))
        case (False, int()):
            _end(work, state.alerts[work.batch.project, number])


def _fire(work: Work, newest: AlertState | None) -> None:
    """Take a firing event of which no alert is open."""
    match "new" if newest is None else judge(work, newest):
        case "stale" if newest is not None:
            work.alert, work.outcome = newest, "stale"
            text = f"alert #{newest.number}: a message from before its recovery came late, and changed nothing"
            record_of_alert(work.state, newest, "alert_stale", text, ALERT_BOT)
        case "held" if newest is not None:
            _keep_resolved(work, newest)
        case "fires again" if newest is not None:
            _fire_again(work, newest)
        case _:
            _create(work, newest)


def _find_open(work: Work) -> int | None:
    identity = (work.batch.project, work.event.fingerprint, work.event.identity)
    number = work.state.open_alerts.get(identity)
    return _open_as_it_was_known_before(work) if number is None else number


def _open_as_it_was_known_before(work: Work) -> int | None:
    """Find the open alert of an integration whose `identity` was switched, so that no alert stays open for ever by it."""
    batch, event, state = work.batch, work.event, work.state
    own = batch.integration.encode()
    if batch.format in _KNOWN_BY_OTHER_MEANS or event.identity not in (b"", own):
        return None
    number = state.open_alerts.get((batch.project, event.fingerprint, b"" if event.identity else own))
    return number if number is not None and state.alerts[batch.project, number].integration == batch.integration else None


def _newest(work: Work) -> AlertState | None:
    if not work.event.fingerprint:
        return None
    identity = (work.batch.project, work.event.fingerprint, work.event.identity)
    number = work.state.newest_alerts.get(identity)
    return None if number is None else work.state.alerts[work.batch.project, number]


def _known_number(work: Work) -> int | None:
    """Give the number of the newest alert of the identity that was forgotten, while it is still known."""
    identity = (work.batch.project, work.event.fingerprint, work.event.identity)
    number, until = work.state.known.get(identity, (None, 0))
    return number if until > work.state.now else None


def _create(work: Work, previous: AlertState | None) -> None:
    event, batch, state = work.event, work.batch, work.state
    number = state.next_number(batch.project, "alerts")
    key = (batch.project, number)
    work.alert = AlertState(
        project=batch.project,
        number=number,
        version=1,
        offset=state.cause.offset,
        index=state.cause.index,
        fingerprint=event.fingerprint,
        identity=event.identity,
        integration=batch.integration,
        severity=event.severity or batch.default_severity,
        status="triggered",
        events=1,
        started_at=state.now if event.started_at is None else event.started_at,
        ended_at=None,
        first_seen_at=state.now,
        last_seen_at=state.now,
        resolved_at=None,
        resolved_by=None,
        incident=None,
        waiting_group=None,
        previous=_known_number(work) if previous is None else previous.number,
        suppressed_by=None,
        assignees=[],
        **note_change(state, batch.project, previous),
        content_hash=digest(event.content),
        payload_hash=digest(event.payload),
        **_ending(work, None),
        severity_as_sent=event.severity_as_sent,
        received_at=batch.received_at,
    )
    read_content(event.content)  # what cannot be read is rejected now, not when it is first looked at
    state.put_content(key, event.content)
    state.put_payload(key, event.payload)
    state.put_alert(work.alert)
    work.outcome = "created"


def _merge(work: Work, alert: AlertState, **changes: Any) -> None:
    """Let the alert follow the event; `changes` are those that other events do not make."""
    event, state = work.event, work.state
    key = (alert.project, alert.number)
    content_hash, payload_hash = digest(event.content), digest(event.payload)
    if content_hash != alert.content_hash:
        state.put_content(key, merge_content(state.contents[key], event.content, work.batch.format != OWN_FORMAT))
    if payload_hash != alert.payload_hash:
        state.put_payload(key, event.payload)
    if "expires_at" not in changes:
        changes |= _ending(work, alert)
    changes.setdefault("received_at", work.batch.received_at)
    work.before = alert
    work.alert = state.change_alert(
        alert,
        events=alert.events + 1,
        last_seen_at=state.now,
        started_at=alert.started_at if event.started_at is None else min(alert.started_at, event.started_at),
        severity=event.severity or alert.severity,
        severity_as_sent=event.severity_as_sent or alert.severity_as_sent,
        content_hash=content_hash,
        payload_hash=payload_hash,
        **changes,
    )
    work.outcome = "merged"


def _fire_again(work: Work, alert: AlertState) -> None:
    """Open a resolved alert again: its sender says that it has fired all along."""
    _merge(work, alert, **_ending(work, alert, is_again=True))
    assert work.alert is not None
    work.alert = open_again(work.state, work.alert, f"alert #{alert.number} reopened: it still fires, by the start that it names")


def open_again(state: State, alert: AlertState, text: str) -> AlertState:
    """Let a resolved alert fire again; its incident is the caller's to look at."""
    alert = state.change_alert(alert, status="triggered", **NO_END, **note_change(state, alert.project, alert))
    record_of_alert(state, alert, "alert_reopened", text, ALERT_BOT)
    return state.alerts[alert.project, alert.number]


def _keep_resolved(work: Work, alert: AlertState) -> None:
    """Count a repetition of what a person has resolved; it fires again when that holds no longer."""
    resolved = resolved_by_hand(work.state, alert)
    assert resolved is not None
    at, person = resolved
    until = at + work.rules.project.resolved_by_hand_holds
    _merge(work, alert, hold_until=until)
    work.reason = f"{person} resolved it, and that holds until {format_time(until)} unless it gets worse or begins anew"
    if alert.hold_until is None and work.alert is not None:
        text = f"alert #{alert.number}: still sent since {person} resolved it at {format_time(at)}"
        record_of_alert(work.state, work.alert, "alert_still_sent", text, ALERT_BOT)
        work.alert = work.state.alerts[alert.project, alert.number]


def _pass_over(work: Work, newest: AlertState | None) -> None:
    """Take the end of what is not open; one that a person resolved is held no longer."""
    work.outcome = "unmatched"
    if newest is not None and newest.hold_until is not None:
        work.state.change_alert(newest, hold_until=None)


def _end(work: Work, alert: AlertState) -> None:
    """Resolve the alert, unless another of its senders still says that it fires, or a door had it before what fires now."""
    event, now = work.event, work.state.now
    if is_late_recovery(work, alert):
        work.alert, work.outcome = alert, "stale"
        text = f"alert #{alert.number}: a recovery from before its newest message came late, and changed nothing"
        record_of_alert(work.state, alert, "alert_stale", text, ALERT_BOT)
        return
    others = after_end(work, alert) if alert.senders and event.expires_at is not None else []
    if others:
        _merge(work, alert, senders=others, expires_at=others[-1].expires_at, received_at=alert.received_at)
        work.reason = "another of its senders still says that it fires"
        return
    ended_at = next((at for at in (event.ended_at, event.expires_at) if at is not None), now)
    work.before = alert
    work.alert = resolve(work.state, alert, ended_at, "recovery", received_at=work.batch.received_at, reason=event.end_reason)
    work.outcome = "recovered"
    if event.end_reason is not None:
        text = f"alert #{alert.number} ended because {event.end_reason}"
        record_of_alert(work.state, work.alert, "alert_ended", text, ALERT_BOT)
        work.alert = work.state.alerts[alert.project, alert.number]


def resolve(
    state: State,
    alert: AlertState,
    ended_at: int,
    by: ResolvedBy,
    actor: str = ALERT_BOT,
    received_at: int | None = None,
    reason: str | None = None,
) -> AlertState:
    """Resolve an open alert; its incident is the caller's to look at.

    `received_at`: when a door had the recovery. `reason`: why it ended, when its condition is not over.
    """
    return state.change_alert(
        alert,
        status="resolved",
        ended_at=ended_at,
        resolved_at=state.now,
        resolved_by=by,
        resolver=actor,
        received_at=received_at,
        end_reason=reason,
        waiting_group=None,
        expires_at=None,
        senders=[],
        forget_at=when_to_forget(state, alert, by_hand=by == "person"),
        **note_change(state, alert.project, alert),
    )


def has_expired(event: AlertEvent, now: int) -> bool:
    """Whether a firing event says by its end that it is over (BEHAVIOUR 2, "Alertmanager API v2")."""
    return event.expires_at is not None and event.expires_at <= now


def _ending(work: Work, alert: AlertState | None, *, is_again: bool = False) -> dict[str, Any]:
    """Give when the alert ends unless it is sent again, on the clock of absences (None: never), and who says so."""
    event, state = work.event, work.state
    if event.expires_at is not None or event.expires_after_millis is not None:
        senders, expires_at = note_firing(work, alert, is_again=is_again)
        return {"senders": senders, "expires_at": expires_at}
    integration = None if work.batch.format == OWN_FORMAT else work.rules.integration(work.batch.integration)
    resolve_after = None if integration is None else integration.resolve_after
    return {"expires_at": None if resolve_after is None else state.door_clock + resolve_after}
