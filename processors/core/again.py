"""Whether an event is late, fires a resolved alert again, or repeats what a person has resolved (BEHAVIOUR 4).

Not here: what each of these does to the alert (`deduplicate.py`).
"""

from __future__ import annotations

from typing import Literal

from processors.core.forgetting import STALE_MILLIS
from processors.core.incidents import is_worse
from processors.core.state import State
from processors.core.work import Work
from schemas.records import ALERT_BOT, AlertEvent, AlertState

Verdict = Literal["new", "stale", "fires again", "held"]
PROMETHEUS_FORMATS = frozenset({"alertmanager", "grafana", "prometheus"})
CLOCKS_MILLIS = 2_000
"""By how much the clocks of two doors may differ; within it an event counts as received after the recovery."""


def judge(work: Work, newest: AlertState) -> Verdict:
    """Say what a firing event is to the newest alert of its fingerprint, which is resolved.

    Only an event that names the start of that alert, or one before its end, can be anything but new: it is about the
    same time of firing. Of the generic format a person's resolving alone makes it so.
    """
    if not _began_before_its_end(work.event, newest):
        return "new"
    by_hand = resolved_by_hand(work.state, newest)
    if by_hand is not None:
        return "held" if _is_held(work, newest, by_hand[0]) else "fires again"
    if work.batch.format not in PROMETHEUS_FORMATS:
        return "new"
    return "stale" if _is_stale(work, newest) else "fires again"


def is_late_recovery(work: Work, alert: AlertState) -> bool:
    """Whether a recovery of an open alert was written late: a door had it before one had the newest firing event."""
    return work.batch.format in PROMETHEUS_FORMATS and _had_before(work, alert.received_at, alert.last_seen_at)


def resolved_by_hand(state: State, alert: AlertState) -> tuple[int, str] | None:
    """Give when a person resolved an alert, or its incident, and who; None: nobody did."""
    if alert.resolved_by == "person" and alert.resolved_at is not None:
        return alert.resolved_at, alert.resolver
    incident = state.incident_of(alert)
    if incident is None or incident.resolved_at is None or incident.resolver in ("", ALERT_BOT):
        return None
    return incident.resolved_at, incident.resolver


def _began_before_its_end(event: AlertEvent, alert: AlertState) -> bool:
    start = event.started_at
    if start is None or alert.ended_at is None or alert.resolved_at is None:
        return False
    return start == alert.started_at or start < min(alert.ended_at, alert.resolved_at)


def _is_held(work: Work, newest: AlertState, resolved_at: int) -> bool:
    severity = work.event.severity
    if severity is not None and is_worse(severity, newest.severity):
        return False
    return work.state.now - resolved_at < work.rules.project.resolved_by_hand_holds


def _is_stale(work: Work, newest: AlertState) -> bool:
    """Whether a door had the event before one had the recovery: it was written late."""
    return newest.resolved_at is not None and _had_before(work, newest.received_at, newest.resolved_at)


def _had_before(work: Work, received_at: int | None, decided_at: int) -> bool:
    """Whether a door had the event clearly before another had what decided the alert's status; that was not long ago."""
    received = work.batch.received_at
    if received is None or received_at is None:
        return False
    return received + CLOCKS_MILLIS < received_at and work.state.now - decided_at < STALE_MILLIS
