"""One inbox record through the core: its batches, ticks and configurations.

Not here: the steps that an event goes through (`event.py`); Kafka, batching and writing (`processors/partition.py`,
`processors/journal.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from processors.core.absence import end_what_is_absent, hear
from processors.core.commands import process_command
from processors.core.commands.remembered import forget_old_commands
from processors.core.conclude import conclude, settle
from processors.core.decisions import Decisions
from processors.core.event import outcome_of, process_event
from processors.core.own_alerts import note_complaints, note_outcomes, say_what_was_noted
from processors.core.rules import Rules
from processors.core.state import State
from processors.core.suppress import begin_and_end_mutes, note_new_rules, prepare
from processors.core.timers import fire_due_timers
from processors.core.work import Round
from schemas.codec import decode
from schemas.errors import MalformedRecord, TocsinError
from schemas.records import AlertBatch, Command, Configuration, EventOutcome, Frame, Outcome, Tick
from schemas.topics import read_events_header

VERSION = "5"
"""Of the core: part of every entry, raised whenever the same record may lead to another decision."""
LEAP_MILLIS = 3_600_000
AGREEMENT_MILLIS = 300_000


def process_record(
    state: State, offset: int, timestamp: int, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
) -> Decisions:
    """Decide about one inbox record; the state is as after it when this returns.

    `timestamp` is the broker's, in milliseconds. Raises only `attempt.FAULTS`; whatever else goes wrong becomes a rejection.
    """
    decisions = state.begin(offset)
    try:
        frame = decode(value or b"", Frame)
    except MalformedRecord as error:
        _advance(state, timestamp, ())
        _reject_unreadable(state, headers, str(error))
        return decisions
    _advance(state, timestamp, frame.items)
    for place, item in enumerate(frame.items):
        match item:
            case AlertBatch():
                prepare(state, (item.project,))
                _process_batch(state, place, item)
            case Tick():
                prepare(state, state.rules.inhibiting)
                _process_tick(state, item)
            case Command():
                prepare(state, (item.project,))
                process_command(state, place, item)
                settle(state)
            case Configuration():
                _process_configuration(state, item)
    return decisions


def _advance(state: State, timestamp: int, items: Sequence[object]) -> None:
    """Move now; over an hour at once only if a tick's own clock agrees, since a broker's clock may leap."""
    ticks = (item.at for item in items if isinstance(item, Tick))
    is_leap = state.now > 0 and timestamp - state.now > LEAP_MILLIS
    if timestamp > state.now and (not is_leap or any(abs(at - timestamp) <= AGREEMENT_MILLIS for at in ticks)):
        state.now = timestamp


def _process_batch(state: State, place: int, batch: AlertBatch) -> None:
    if batch.complaints:  # a door's words, no sender's: no sign of its life, and nothing has come of it
        note_complaints(state, batch)
        return
    is_part = batch.total > len(batch.events) + len(batch.refusals)
    round = Round(state, is_part)
    hear(state, batch.project, batch.integration, round)
    works = []
    for event in batch.events:
        state.cause.index += 1
        works.append(process_event(state, batch, event, round))
    conclude(round)
    outcomes = [EventOutcome(refusal.index, "rejected", reason=refusal.reason) for refusal in batch.refusals]
    outcomes += map(outcome_of, works)
    outcomes.sort(key=lambda outcome: outcome.index)
    state.decisions.outcomes.append(
        Outcome(batch.project, batch.integration, state.decisions.offset, place, state.now, batch.receipt, batch.total, outcomes)
    )
    note_outcomes(state, batch, outcomes)


def _process_tick(state: State, tick: Tick) -> None:
    match tick.source:
        case "door":
            state.note_door()
        case "clock":
            event_index, state.cause.index = state.cause.index, -1
            absent = Round(state)
            end_what_is_absent(state, absent)
            say_what_was_noted(absent)
            conclude(absent)
            due = Round(state)
            fire_due_timers(state, due)
            begin_and_end_mutes(state)
            conclude(due)
            state.ticked_at = state.now
            forget_old_commands(state)
            state.drop_what_is_no_longer_known()
            state.cause.index = event_index


def _process_configuration(state: State, part: Configuration) -> None:
    """Gather the parts of a version above the current one, and apply it when the last has come."""
    if part.version <= max(state.configuration_version, state.pending_version - 1):
        return
    if part.version > state.pending_version:
        state.pending_version, state.pending_parts = part.version, []
    if part.part != len(state.pending_parts):
        return
    state.pending_parts.append(part.content)
    if len(state.pending_parts) == part.parts:
        _apply_configuration(state, part.version, b"".join(state.pending_parts))


def _apply_configuration(state: State, version: int, packed: bytes) -> None:
    state.pending_version, state.pending_parts = -1, []
    try:
        rules = Rules.compile(version, packed)
    except TocsinError as error:
        state.decisions.problems.append(f"configuration {version} cannot be used: {error}")
        return
    before = state.rules
    state.configuration_version, state.configuration, state.rules = version, packed, rules
    state.decisions.is_configuration_changed = True
    for project in {**before.projects, **rules.projects}:
        if before.of(project).mutes_otherwise_than(rules.of(project)):
            note_new_rules(state, project)
    settle(state)
    for project in rules.projects:
        if project not in before.projects:
            _put_to_rules(state, project)


def _put_to_rules(state: State, project: str) -> None:
    """Let alerts that came before their project's first configuration take part, in the order of their numbers."""
    numbers = sorted(state.unassigned.get(project, ()))
    conclude(Round(state, firing={(project, number): None for number in numbers}))


def _reject_unreadable(state: State, headers: Sequence[tuple[str, bytes]], reason: str) -> None:
    """Count the events that a frame's header names as rejected, since the frame itself cannot be read."""
    for place, (project, count) in enumerate(sorted(read_events_header(headers).items())):
        events = [EventOutcome(index, "rejected", reason=reason) for index in range(count)]
        state.decisions.outcomes.append(Outcome(project, None, state.decisions.offset, place, state.now, "", count, events))
