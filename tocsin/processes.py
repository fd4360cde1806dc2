"""The processes of `tocsin up`, in one list: what they are called, how they are started, when they are stopped.

Names are those of `schemas/telemetry.py`. Not here: Kafka and PostgreSQL, which come before all of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from schemas.settings import Settings


class Stage(IntEnum):
    """The order in which everything is stopped: nobody loses what he still writes to."""

    DOORS = 0
    WORKER = 1
    SINKS = 2
    SERVERS = 3


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its name, the `tocsin` command that it is, and whether these settings want it."""

    name: str
    command: tuple[str, ...]
    stage: Stage
    is_wanted: Callable[[Settings], bool] = lambda settings: True


def _slack_is_on(settings: Settings) -> bool:
    """A token, or a fake named by the API's address."""
    return bool(settings.slack_token) or settings.slack_api_url != Settings().slack_api_url


PROCESSES = (
    Process("webhook", ("webhook",), Stage.DOORS),
    Process("operator", ("operator",), Stage.DOORS),
    Process("clock", ("clock",), Stage.DOORS),
    Process("statuspage-server", ("statuspage-server",), Stage.DOORS),
    Process("rates", ("rates",), Stage.DOORS),
    Process("process", ("process",), Stage.WORKER),
    Process("sink-postgres", ("sink", "postgres"), Stage.SINKS),
    Process("sink-ledger", ("sink", "ledger"), Stage.SINKS),
    Process("sink-slack", ("sink", "slack"), Stage.SINKS, _slack_is_on),
    Process("sink-statuspage", ("sink", "statuspage"), Stage.SINKS),
)


def select(settings: Settings, only: list[str] | None) -> list[Process]:
    """Give the processes that the settings want; of these only the named ones, unless `only` is None."""
    return [process for process in PROCESSES if process.is_wanted(settings) and (only is None or process.name in only)]
