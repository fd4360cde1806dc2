"""Which alerts a command about many means. Not here: what is done to each (`alerts.py`)."""

from __future__ import annotations

from processors.core.content import lookup_of
from processors.core.state import State
from schemas.commands import ManyAlerts
from schemas.matchers import matches_all, parse_matcher


def name_alerts(state: State, project: str, arguments: ManyAlerts) -> list[int]:
    """Give the numbers as they were named, each once; or those of all open alerts that match, ascending."""
    if arguments.numbers is not None:
        return list(dict.fromkeys(arguments.numbers))
    matchers = [parse_matcher(text) for text in arguments.matchers or ()]
    numbers = sorted(state.mutes.open_numbers.get(project, ()))
    return [number for number in numbers if matches_all(matchers, lookup_of(state, state.alerts[project, number]))]
