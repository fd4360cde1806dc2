"""What one inbox record led to, and where in the inbox it stands. Not here: how it is written (`processors/journal.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.records import (
    AlertState,
    CommandState,
    Forgetting,
    IncidentState,
    Notification,
    Outcome,
    ProjectState,
    SilenceState,
    TimelineItem,
)

Key = tuple[str, int]
"""Project and number."""


@dataclass(slots=True)
class Decisions:
    """What one inbox record led to: each entity in its last form, everything else in order.

    `problems` are for the log alone: nothing about them is written.
    """

    offset: int
    alerts: dict[Key, AlertState] = field(default_factory=dict)
    contents: dict[Key, bytes] = field(default_factory=dict)
    payloads: dict[Key, bytes] = field(default_factory=dict)
    incidents: dict[Key, IncidentState] = field(default_factory=dict)
    silences: dict[tuple[str, str], SilenceState] = field(default_factory=dict)
    projects: dict[str, ProjectState] = field(default_factory=dict)
    timeline: list[TimelineItem] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    forgettings: list[Forgetting] = field(default_factory=list)
    commands: list[CommandState] = field(default_factory=list)
    is_configuration_changed: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed that a reader of the journal would want to know at once."""
        changes = (self.alerts, self.incidents, self.silences, self.projects, self.outcomes, self.forgettings)
        return not self.is_configuration_changed and not any(changes)


@dataclass(slots=True)
class Cause:
    """The place in the inbox of what is being processed: offset of the record, index of the event in it."""

    offset: int = -1
    index: int = -1
