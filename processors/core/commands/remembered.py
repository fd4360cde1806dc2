"""Commands that were answered, by project, actor and id: for a day, a repetition does nothing and is answered the same.

Not here: where they are kept (`State.commands`) and written (`processors/journal.py`).
"""

from __future__ import annotations

from processors.core.content import digest
from processors.core.state import State
from schemas.commands import asked_for
from schemas.records import Command, CommandState, EventOutcome

REMEMBERED_MILLIS = 24 * 3_600_000
USED = "this command_id was used within the last 24 hours for another request"


def recall(state: State, command: Command) -> list[EventOutcome] | None:
    """Give what the same command was answered with; None: it is new. Its id with another request is an error of its own."""
    known = state.commands.get((command.project, command.actor, command.command_id))
    if known is None or known.at + REMEMBERED_MILLIS <= state.now:
        return None
    return known.events if known.digest == _digest(command) else [EventOutcome(0, "rejected", reason=USED)]


def remember(state: State, command: Command, events: list[EventOutcome]) -> None:
    """Keep what a command was answered with; one that was malformed as a whole may be sent again, put right."""
    is_malformed = all(event.outcome == "rejected" for event in events)
    if command.command_id and not is_malformed:
        kept = CommandState(command.project, command.actor, command.command_id, _digest(command), state.now, events)
        state.put_command(kept)


def forget_old_commands(state: State) -> None:
    """Drop those that were remembered no longer at the last tick; the oldest come first."""
    while state.commands:
        key = next(iter(state.commands))
        if state.commands[key].at + REMEMBERED_MILLIS > state.ticked_at:
            return
        del state.commands[key]


def _digest(command: Command) -> bytes:
    number = "" if command.number is None else str(command.number)
    return digest("\0".join((command.target, number, command.verb, "")).encode() + asked_for(command))
