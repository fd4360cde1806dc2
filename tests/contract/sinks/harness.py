"""What the behaviour suite needs of a sink under test; one harness for each implementation, all in `HARNESSES`.

A new sink adds a file beside this one and a line in `HARNESSES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import psycopg
import pytest

from schemas.chain import Position
from schemas.errors import Unavailable
from schemas.records import IncidentState
from sinks.postgres.migrate import migrate
from sinks.postgres.sink import PostgresSink
from sinks.sink import Assignment, Batch, Section, Sink, Superseded
from tests.contract.sinks.public import SlackHarness, StatusPageHarness
from tests.fakes.slack import running_slack

Told = Mapping[int, str]
"""What the world has of the project's incidents: number to status."""


class Harness(Protocol):
    """A world, and sinks that act on it."""

    speaks_of_history: bool
    """Whether the sink also acts on what happened before it had ever run."""

    def build(self) -> Sink:
        """Make a sink on this world as a new process would; the one before it is gone without a word."""

    def told(self) -> Told:
        """Look at the world; raises AssertionError should it have anything twice."""

    def set_reachable(self, is_reachable: bool) -> None:
        """Take the world away, or bring it back."""


@dataclass
class MemoryHarness:
    """The smallest sink that keeps its positions."""

    speaks_of_history: bool = True
    incidents: dict[int, IncidentState] = field(default_factory=dict)
    positions: dict[int, Position] = field(default_factory=dict)
    is_reachable: bool = True

    def build(self) -> Sink:
        return _MemorySink(self)

    def told(self) -> Told:
        return {number: incident.status for number, incident in self.incidents.items()}

    def set_reachable(self, is_reachable: bool) -> None:
        self.is_reachable = is_reachable


@dataclass
class _MemorySink:
    world: MemoryHarness
    sections: frozenset[Section] = frozenset({"incidents"})
    stores_positions: bool = True
    takes_all_partitions: bool = False
    linger_seconds: float = 0.0

    def assign(self, assignment: Assignment) -> Mapping[int, Position]:
        return {one: position for one, position in self.world.positions.items() if one in assignment.partitions}

    def deliver(self, batch: Batch) -> None:
        if not self.world.is_reachable:
            raise Unavailable("away")
        if any(self.world.positions.get(one, Position()) != position for one, position in batch.before.items()):
            raise Superseded("somebody was here")
        self.world.incidents |= {one.number: one for entry in batch.entries for one in entry.incidents}
        self.world.positions |= batch.after

    def tend(self) -> None: ...

    def close(self) -> None: ...


@dataclass
class NotifyingHarness(MemoryHarness):
    """The smallest sink that keeps nothing, and tells the world of what has changed."""

    speaks_of_history: bool = False

    def build(self) -> Sink:
        return _NotifyingSink(self, stores_positions=False)


@dataclass
class _NotifyingSink(_MemorySink):
    def assign(self, assignment: Assignment) -> Mapping[int, Position]:
        return {}

    def deliver(self, batch: Batch) -> None:
        if not self.world.is_reachable:
            raise Unavailable("away")
        news = [entry for entry in batch.entries if not entry.is_history]
        self.world.incidents |= {one.number: one for entry in news for one in entry.incidents}


class PostgresHarness:
    """A database of its own. It goes away by not letting anyone in."""

    speaks_of_history = True

    def __init__(self, url: str, admin_url: str) -> None:
        self._url, self._admin_url = url, admin_url
        self._name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
        migrate(url)

    def build(self) -> Sink:
        return PostgresSink(self._url)

    def told(self) -> Told:
        with psycopg.connect(self._url) as connection:
            return dict(connection.execute("SELECT number, status FROM tocsin.incidents").fetchall())

    def set_reachable(self, is_reachable: bool) -> None:
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS {str(is_reachable).lower()}')
            if not is_reachable:
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._name])


@contextmanager
def _memory(request: pytest.FixtureRequest) -> Iterator[Harness]:
    yield MemoryHarness()


@contextmanager
def _notifying(request: pytest.FixtureRequest) -> Iterator[Harness]:
    yield NotifyingHarness()


@contextmanager
def _postgres(request: pytest.FixtureRequest) -> Iterator[Harness]:
    yield PostgresHarness(request.getfixturevalue("own_database"), request.getfixturevalue("database_url"))


@contextmanager
def _slack(request: pytest.FixtureRequest) -> Iterator[Harness]:
    with running_slack() as slack:
        yield SlackHarness(slack)


@contextmanager
def _statuspage(request: pytest.FixtureRequest) -> Iterator[Harness]:
    yield StatusPageHarness(request.getfixturevalue("tmp_path"))


HARNESSES: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[Harness]]] = {
    "memory": _memory,
    "notifying": _notifying,
    "postgres": _postgres,
    "slack": _slack,
    "statuspage": _statuspage,
}
