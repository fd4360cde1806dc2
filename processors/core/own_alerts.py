"""What tocsin says itself about an integration: alerts of its own, which go through the project's rules like any other.

One that is silent (`absence.py`), one whose requests are refused or whose clock is wrong (the doors complain of these),
one whose alerts are rejected, one that only ever sends recoveries (BEHAVIOUR 4). The latter are noted as they come, and
said on the clock's ticks. Not here: the words (`own_words.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha1

from msgspec.structs import replace

from processors.core.conclude import conclude
from processors.core.deduplicate import OWN_FORMAT
from processors.core.event import process_event
from processors.core.own_words import Words, only_recoveries_of, words_of
from processors.core.state import State
from processors.core.work import Round
from schemas.codec import encode_body
from schemas.configuration import Integration
from schemas.reasons import is_ignored
from schemas.records import AlertBatch, AlertEvent, Content, EventOutcome, Noted, Severity

QUIET_MILLIS = 5_000
"""Between two events of one of these alerts, so that a flood of bad requests is no flood of events; and before the first, where
no door has gathered what it is about."""
HOUR_MILLIS = 3_600_000
LASTS_MILLIS = HOUR_MILLIS
"""An alert about an integration is over when there was nothing more for so long."""
UNMATCHED_LASTS_MILLIS = 24 * HOUR_MILLIS
"""The one about recoveries alone, which are rare."""
MIN_UNMATCHED = 10
MIN_UNMATCHED_MILLIS = 6 * HOUR_MILLIS
"""So many recoveries, over so long, without a single firing alert ever. Fewer are nothing: Prometheus sends each recovery for a
quarter of an hour, and what fired before the sender was connected here recovers after."""
FIRED = frozenset(("created", "merged", "stale", "recovered"))
"""Outcomes that only an integration has whose firing alerts come."""
SEVERITIES: dict[str, Severity] = {"clock": "medium"}
"""Of what has lost no alert yet; all others have the integration's default."""


@dataclass(frozen=True, slots=True)
class OwnAlert:
    """One alert of ours: what it is about, and how long it lasts if it is not said again (None: until it is said to be over)."""

    integration: str
    kind: str
    words: Words
    started_at: int | None = None
    lasts_millis: int | None = None


def fingerprint(integration: str, kind: str) -> str:
    """Name a condition of an integration; a sender's own fingerprint is never this one."""
    return sha1(f"tocsin: {kind} of {integration}".encode()).hexdigest()


def is_open(state: State, project: str, integration: str, kind: str) -> bool:
    return (project, fingerprint(integration, kind), b"") in state.open_alerts


def say(round: Round, project: str, own: OwnAlert, is_firing: bool) -> None:
    """Let an event of our own go through the steps like any sender's; it has no outcome, since nobody sent it."""
    state = round.state
    settings = state.rules.of(project).integration(own.integration)
    assert settings is not None
    content = Content(
        own.words.title,
        own.words.description,
        monitoring_tool="tocsin",
        labels={"alertname": own.words.name, "tocsin": own.kind},
    )
    event = AlertEvent(
        index=0,
        fingerprint=fingerprint(own.integration, own.kind),
        identity=b"",
        is_firing=is_firing,
        severity=SEVERITIES.get(own.kind),
        started_at=own.started_at,
        ended_at=None,
        content=encode_body(content),
        payload=b"{}",
        expires_after_millis=own.lasts_millis,
    )
    batch = AlertBatch(project, own.integration, OWN_FORMAT, settings.default_severity, "", 0, [event])
    taken = process_event(state, batch, event, round)
    if isinstance(taken, EventOutcome):
        state.decisions.problems.append(f"{own.kind} of {project}/{own.integration}: {taken.reason}")


def note_complaints(state: State, batch: AlertBatch) -> None:
    """Note what a door has against an integration's requests."""
    if _settings(state, batch) is not None:
        for complaint in batch.complaints:
            _note(state, batch, complaint.kind, complaint.count, complaint.text)


def note_outcomes(state: State, batch: AlertBatch, outcomes: Sequence[EventOutcome]) -> None:
    """Note what became of a batch where that is worth saying: alerts rejected, or nothing but recoveries so far."""
    rejected = [one for one in outcomes if one.outcome == "rejected" and not is_ignored(one.reason or "")]
    has_fired = (batch.project, batch.integration) in state.noted.fired
    if (has_fired and not rejected) or _settings(state, batch) is None:
        return
    if rejected:
        _note(state, batch, "rejected", len(rejected), rejected[-1].reason or "")
    if not has_fired:
        _look_for_firing(state, batch, outcomes)


def say_what_was_noted(round: Round) -> None:
    """Say what was noted since it was last said; on a tick of the clock."""
    state = round.state
    for project in sorted(state.noted.unsaid):
        for one in state.project(project).noted:
            if one.is_unsaid and one.quiet_until <= state.now:
                _put(state, project, one, replace(one, quiet_until=state.now + QUIET_MILLIS, is_unsaid=False))
                if _is_wanted(state.rules.of(project).integration(one.integration)):
                    say(round, project, _own_alert(one), is_firing=True)


def _look_for_firing(state: State, batch: AlertBatch, outcomes: Iterable[EventOutcome]) -> None:
    found = [outcome.outcome for outcome in outcomes]
    if not FIRED.isdisjoint(found):
        known = state.project(batch.project)
        noted = [one for one in known.noted if (one.integration, one.kind) != (batch.integration, "unmatched")]
        state.change_project(known, fired=[*known.fired, batch.integration], noted=noted)
        if is_open(state, batch.project, batch.integration, "unmatched"):
            over = OwnAlert(batch.integration, "unmatched", only_recoveries_of(batch.integration))
            round = Round(state)
            say(round, batch.project, over, is_firing=False)
            conclude(round)
    elif unmatched := found.count("unmatched"):
        _note(state, batch, "unmatched", unmatched, "")


def _note(state: State, batch: AlertBatch, kind: str, count: int, text: str) -> None:
    noted = state.project(batch.project).noted
    old = next((one for one in noted if (one.integration, one.kind) == (batch.integration, kind)), None)
    if old is None or _is_over(state, batch.project, old):
        quiet_until = state.now if batch.complaints else state.now + QUIET_MILLIS
        new = Noted(batch.integration, kind, count, state.now, state.now, text, quiet_until)
    else:
        new = replace(old, count=old.count + count, at=state.now, text=text)
    _put(state, batch.project, old, replace(new, is_unsaid=_is_worth_saying(new)))


def _is_over(state: State, project: str, old: Noted) -> bool:
    """Whether what was noted belongs to an alert that is over, so that counting begins anew."""
    return state.now - old.at >= _lasts(old.kind) and not is_open(state, project, old.integration, old.kind)


def _is_worth_saying(one: Noted) -> bool:
    return one.kind != "unmatched" or (one.count >= MIN_UNMATCHED and one.at - one.since >= MIN_UNMATCHED_MILLIS)


def _lasts(kind: str) -> int:
    return UNMATCHED_LASTS_MILLIS if kind == "unmatched" else LASTS_MILLIS


def _own_alert(one: Noted) -> OwnAlert:
    return OwnAlert(one.integration, one.kind, words_of(one), one.since, _lasts(one.kind))


def _put(state: State, project: str, old: Noted | None, new: Noted) -> None:
    """Put what was noted in its place; what was about integrations that are gone goes too."""
    known = state.project(project)
    integrations = state.rules.of(project).project.integrations
    noted = [new if one is old else one for one in known.noted if one.integration in integrations]
    state.change_project(known, noted=noted if old is not None else [*noted, new])


def _settings(state: State, batch: AlertBatch) -> Integration | None:
    settings = state.rules.of(batch.project).integration(batch.integration)
    return settings if _is_wanted(settings) else None


def _is_wanted(settings: Integration | None) -> bool:
    return settings is not None and settings.self_alerts
