"""People's commands: one inbox record's command through the core, and what it is answered with (BEHAVIOUR 6, "Commands").

Each happens as a whole or not at all; an impossible one is refused with its reason, a malformed one rejected, and both
change nothing. Not here: who may give which (the operator), the shapes of arguments (`schemas/commands.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from processors.core.attempt import attempt
from processors.core.commands import alerts, incidents, publishing, silences
from processors.core.commands.many import name_alerts
from processors.core.commands.remembered import recall, remember
from processors.core.commands.request import Refused, Request
from processors.core.state import State
from schemas.commands import Arguments, Assignee, MalformedCommand, ManyAlerts, Nothing, read_arguments
from schemas.records import Command, EventOutcome, Outcome

Handler = Callable[[Request, Any], None]
HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "alert": alerts.HANDLERS,
    "incident": {**incidents.HANDLERS, **publishing.HANDLERS},
    "silence": silences.HANDLERS,
}


def process_command(state: State, place: int, command: Command) -> None:
    """Carry out a command, once for its id, and say what became of it. Raises only `attempt.FAULTS`."""
    events = recall(state, command)
    if events is None:
        events = _carry_out(state, command)
        remember(state, command, events)
    offset, at, id = state.decisions.offset, state.now, command.command_id
    outcome = Outcome(command.project, None, offset, place, at, id, len(events), events, command.actor)
    state.decisions.outcomes.append(outcome)


def _carry_out(state: State, command: Command) -> list[EventOutcome]:
    try:
        arguments = read_arguments(command)
    except MalformedCommand as error:
        return [EventOutcome(0, "rejected", reason=str(error))]
    if not isinstance(arguments, ManyAlerts):
        return [_try(state, command, arguments, 0)]
    each = Nothing() if arguments.assignee is None else Assignee(assignee=arguments.assignee)
    numbers = name_alerts(state, command.project, arguments)
    return [_try(state, command, each, index, number) for index, number in enumerate(numbers)]


def _try(state: State, command: Command, arguments: Arguments, index: int, alert: int | None = None) -> EventOutcome:
    request = Request(state, command, command.number if alert is None else alert)
    handler = HANDLERS[command.target][command.verb]
    error = attempt(state, lambda: handler(request, arguments))
    match error:
        case None:
            return EventOutcome(index, "done", request.alert, request.incident, silence=request.silence)
        case Refused():
            return EventOutcome(index, "refused", alert, reason=str(error))
        case _:
            return EventOutcome(index, "rejected", alert, reason=f"{type(error).__name__}: {error}")
