"""Which alert an event belongs to, and what that makes of it (BEHAVIOUR 4, the matching table).

Not here: incidents and notifications.
"""

from __future__ import annotations

from processors.core.content import digest, merge_content, read_content
from processors.core.flapping import note_change
from processors.core.forgetting import when_to_forget
from processors.core.state import STALE_MILLIS, State
from processors.core.work import Work
from schemas.records import AlertEvent, AlertState, ResolvedBy

HEARTBEAT_FORMAT = "heartbeat"
"""Of events that the core makes itself when an integration is silent."""
PROMETHEUS_FORMATS = frozenset({"alertmanager", "grafana", "prometheus"})


def deduplicate(work: Work) -> None:
    """Find the alert and create, merge, recover or pass over."""
    event, state = work.event, work.state
    identity = (work.batch.project, event.fingerprint, event.identity)
    number = state.open_alerts.get(identity) if event.fingerprint else None
    match (event.is_firing and not has_expired(event, state.now), number):
        case (True, None):
            newest = _newest(work)
            if newest is not None and _is_stale(work, newest):
                work.alert, work.outcome = newest, "stale"
            else:
                _create(work, newest)
        case (True, int()):
            _merge(work, state.alerts[work.batch.project, number])
        case (False, None):
            work.outcome = "unmatched"
        case (False, int()):
            _recover(work, state.alerts[work.batch.project, number])


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


def _is_stale(work: Work, newest: AlertState) -> bool:
    return (
        work.batch.format in PROMETHEUS_FORMATS
        and newest.resolved_by == "recovery"
        and newest.resolved_at is not None
        and work.event.started_at == newest.started_at
        and work.state.now - newest.resolved_at < STALE_MILLIS
    )


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
        expires_at=expiry(work),
        severity_as_sent=event.severity_as_sent,
    )
    read_content(event.content)  # what cannot be read is rejected now, not when it is first looked at
    state.put_content(key, event.content)
    state.put_payload(key, event.payload)
    state.put_alert(work.alert)
    work.outcome = "created"


def _merge(work: Work, alert: AlertState) -> None:
    event, state = work.event, work.state
    key = (alert.project, alert.number)
    content_hash, payload_hash = digest(event.content), digest(event.payload)
    if content_hash != alert.content_hash:
        state.put_content(key, merge_content(state.contents[key], event.content))
    if payload_hash != alert.payload_hash:
        state.put_payload(key, event.payload)
    severity = event.severity or alert.severity
    work.before = alert
    work.alert = state.change_alert(
        alert,
        events=alert.events + 1,
        last_seen_at=state.now,
        started_at=alert.started_at if event.started_at is None else min(alert.started_at, event.started_at),
        severity=severity,
        severity_as_sent=event.severity_as_sent or alert.severity_as_sent,
        content_hash=content_hash,
        payload_hash=payload_hash,
        expires_at=expiry(work),
    )
    work.outcome = "merged"


def _recover(work: Work, alert: AlertState) -> None:
    event, now = work.event, work.state.now
    ended_at = next((at for at in (event.ended_at, event.expires_at) if at is not None), now)
    work.before = alert
    work.alert = resolve(work.state, alert, ended_at, "recovery")
    work.outcome = "recovered"


def resolve(state: State, alert: AlertState, ended_at: int, by: ResolvedBy) -> AlertState:
    """Resolve an open alert; its incident is the caller's to look at."""
    return state.change_alert(
        alert,
        status="resolved",
        ended_at=ended_at,
        resolved_at=state.now,
        resolved_by=by,
        waiting_group=None,
        expires_at=None,
        forget_at=when_to_forget(state, alert),
        **note_change(state, alert.project, alert),
    )


def has_expired(event: AlertEvent, now: int) -> bool:
    """Whether a firing event says by its end that it is over (BEHAVIOUR 2, "Alertmanager API v2")."""
    return event.expires_at is not None and event.expires_at <= now


def expiry(work: Work) -> int | None:
    """Give when the alert ends unless it is sent again, on the clock of absences; None: never."""
    event, state = work.event, work.state
    if event.expires_at is not None:
        return event.expires_at - state.put_off_millis
    integration = None if work.batch.format == HEARTBEAT_FORMAT else work.rules.integration(work.batch.integration)
    resolve_after = None if integration is None else integration.resolve_after
    after = resolve_after if event.expires_after_millis is None else event.expires_after_millis
    return None if after is None else state.door_clock + after
