"""What sinks keep in Kafka, in memory instead: a compacted topic, dead letters, the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from schemas.errors import Unavailable
from schemas.sink_records import DeadLetter
from sinks.compacted import Change
from sinks.follow_configuration import Applied
from sinks.own_alerts import OwnAlert
from sinks.sink import Superseded


@dataclass
class MemoryStore:
    """`CompactedTopic` without Kafka; `fail_at` counts writes until one is refused as if another process had written."""

    values: dict[str, bytes] = field(default_factory=dict)
    fail_at: int = -1
    is_reachable: bool = True

    def load(self, partitions: Iterable[int]) -> dict[str, bytes]:
        if not self.is_reachable:
            raise Unavailable("Kafka is away")
        return dict(self.values)

    def write(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        self.fail_at -= 1
        if self.fail_at == 0 or not self.is_reachable:
            raise Superseded("another process has written")
        for change in changes:
            self.values.pop(change.key, None)
            if change.value is not None:
                self.values[change.key] = change.value

    def close(self) -> None:
        pass


@dataclass
class Letters:
    written: list[DeadLetter] = field(default_factory=list)

    def write(self, letter: DeadLetter) -> None:
        self.written.append(letter)

    def close(self) -> None:
        pass


@dataclass
class Alerts:
    """`InboxAlerts` without Kafka."""

    sent: list[tuple[bool, OwnAlert]] = field(default_factory=list)
    is_reachable: bool = True

    def send(self, alert: OwnAlert, is_firing: bool) -> None:
        if not self.is_reachable:
            raise Unavailable("Kafka is away")
        self.sent.append((is_firing, alert))

    def close(self) -> None:
        pass


@dataclass
class Configured:
    """A configuration that changes when a test says so."""

    current: Applied

    def refresh(self) -> Applied:
        return self.current

    def close(self) -> None:
        pass
