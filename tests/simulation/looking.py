"""What follows from a state's entities alone, found the slow way: what mutes an alert, what is due, who is a member.

A second opinion on the core's indexes. Not here: the core's own ways of finding the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from processors.core.content import content_of
from processors.core.state import State
from schemas.configuration import Maintenance, Project
from schemas.matchers import SEVERITY_WORDS, join_words, parse_matcher
from schemas.records import AlertState, Content, SuppressedBy

PERIOD_MILLIS = {None: 1 << 62, "FREQ=HOURLY": 3_600_000, "FREQ=DAILY": 86_400_000}
INCIDENT_TIMERS = ("publish_at", "resolve_at", "remind_at", "sla_at", "forget_alerts_at", "forget_at")
_incident_times = attrgetter(*INCIDENT_TIMERS)
Timer = tuple[str, tuple[str, int], str]
"""Of which kind of entity, of which one, and its name."""


def value_of(content: Content, alert: Any, name: str) -> str:
    """Give a field or label as matchers and groups name it; absent is the empty text (BEHAVIOUR 6)."""
    if name == SEVERITY_WORDS:
        return join_words(alert.severity, alert.severity_as_sent, content.labels.get("severity"))
    if name in ("severity", "status", "integration"):
        return str(getattr(alert, name))
    if name in ("title", "description", "service", "environment", "monitoring_tool"):
        return getattr(content, name) or ""
    if name == "alertname":
        return content.labels.get("alertname") or content.title
    return content.labels.get(name.removeprefix("labels."), "")


read_matcher = lru_cache(1024)(parse_matcher)


def fits(texts: list[str], content: Content, alert: Any) -> bool:
    matchers = map(read_matcher, texts)
    return all(matcher.matches(value_of(content, alert, matcher.looked_up)) for matcher in matchers)


def window_start(window: Maintenance, now: int) -> int | None:
    """Give when the newest window that has begun did so; its rules here are in UTC, once, hourly or daily."""
    first = round(datetime.fromisoformat(window.start).replace(tzinfo=UTC).timestamp() * 1000)
    return None if now < first else now - (now - first) % PERIOD_MILLIS[window.repeat]


def is_window_open(window: Maintenance, now: int) -> bool:
    start = window_start(window, now)
    return start is not None and now < start + window.duration


def find_muting(state: State, rules: Project, alert: AlertState) -> SuppressedBy | None:
    """Say what mutes an open alert now, by asking every silence, window and firing alert of its project."""
    content = content_of(state, alert)
    silences = [
        int(silence.id)
        for silence in state.silences.values()
        if silence.project == alert.project
        and silence.starts_at <= state.now < silence.ends_at
        and fits(silence.matchers, content, alert)
    ]
    if silences:
        return SuppressedBy("silence", str(min(silences)))
    for window in rules.maintenance:
        if is_window_open(window, state.now) and fits(window.match, content, alert):
            return SuppressedBy("maintenance", window.name)
    sources = _sources(state, rules, alert, content) if alert.counts_as_firing else []
    return SuppressedBy("inhibition", str(min(sources))) if sources else None


def _sources(state: State, rules: Project, alert: AlertState, content: Content) -> list[int]:
    found = []
    for number in state.mutes.open_numbers.get(alert.project, ()) if rules.inhibit else ():
        other = state.alerts[alert.project, number]
        if other.number == alert.number or not other.counts_as_firing:
            continue
        said = content_of(state, other)
        for rule in rules.inhibit:
            mutes = fits(rule.source, said, other) and fits(rule.target, content, alert)
            both_sides = fits(rule.target, said, other) and fits(rule.source, content, alert)
            agrees = all(value_of(said, other, name) == value_of(content, alert, name) for name in rule.equal)
            if mutes and agrees and not both_sides:
                found.append(other.number)
    return found


def due_times(state: State) -> Iterator[tuple[int, Timer]]:
    """Give when each timer is due and what it is, whether passed or not; muting that begins or ends is not among them."""
    for key, incident in state.incidents.items():
        for timer, at in zip(INCIDENT_TIMERS, _incident_times(incident), strict=True):
            if at is not None:
                yield at, ("incident", key, timer)
    for key, alert in state.alerts.items():
        if alert.steady_at is not None:
            yield alert.steady_at, ("alert", key, "steady_at")
        if alert.forget_at is not None:
            yield alert.forget_at, ("alert", key, "forget_at")
        if alert.expires_at is not None and alert.is_open and state.is_door_open:
            yield alert.expires_at + state.put_off_millis, ("alert", key, "expires_at")


def muting_changes(state: State) -> Iterator[int]:
    """Give when each silence and window begins or ends, those near now."""
    for silence in state.silences.values():
        yield from (silence.starts_at, silence.ends_at)
    for rules in state.rules.projects.values():
        for window in rules.project.maintenance:
            start = window_start(window, state.now)
            if start is None:
                yield window_start(window, 1 << 61) or 0 if window.repeat is None else state.now + 1000
            else:
                yield from (start, start + window.duration, start + PERIOD_MILLIS[window.repeat])


def next_due(state: State) -> int | None:
    """Give the time of the next thing that a tick of the clock would do; None: there is none."""
    times = [*(at for at, _ in due_times(state)), *muting_changes(state)]
    return min((at for at in times if at > state.ticked_at), default=None)
