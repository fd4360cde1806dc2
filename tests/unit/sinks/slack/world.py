"""A Slack sink in memory for tests: its store, its clock and its configuration; Slack itself is the fake, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from schemas.chain import Position
from schemas.codec import encode
from schemas.configuration import Configuration, Person, Project, Receiver, Route, SlackReceiver
from schemas.limits import Limits
from schemas.records import Entry, IncidentSection, IncidentState, Notification, NotificationSection
from sinks.follow_configuration import Applied
from sinks.sink import Assignment, Batch, JournalEntry
from sinks.slack.client import SlackClient
from sinks.slack.context import Context
from sinks.slack.postman import Postman
from sinks.slack.sink import SlackSink
from sinks.slack.threads import Threads
from sinks.slack.trouble import Trouble
from tests.fakes.slack import RunningSlack
from tests.fakes.stores import Alerts, Configured, Letters, MemoryStore

NOON = 1_800_014_400_000
CONTEXT = Context("http://127.0.0.1:8081", {"ada": Person(name="Ada", slack="U123"), "bob": Person(name="Bob <b>")})
RECEIVERS = {
    "oncall": Receiver(slack=SlackReceiver(channel="C1", project="shop")),
    "second": Receiver(slack=SlackReceiver(channel="C2")),
    "same": Receiver(slack=SlackReceiver(channel="C1")),
    "secret": Receiver(slack=SlackReceiver(channel="C3", confidential=True)),
    "mail": Receiver(),
}

CONFIGURATION = Configuration(
    people=dict(CONTEXT.people),
    receivers=RECEIVERS,
    projects={"shop": Project(notify=[Route(receivers=["oncall"]), Route(receivers=["second", "mail"])])},
)


def incident(**changes: Any) -> IncidentState:
    """Build an incident as it is after its opening."""
    opened = IncidentState(
        project="shop", number=12, version=1, offset=7, index=0, title="Checkout is slow", description="long",
        severity="critical", status="triggered", rule="by service", group=[], firing=3, total=3,
        created_at=NOON, first_alert=40, service="checkout", runbook="https://runbooks.example/checkout", author="alert-bot",
        notification_count=1,
    )  # fmt: skip
    return msgspec.structs.replace(opened, **changes)


def notification(number: int = 1, kind: str = "opened", **changes: Any) -> Notification:
    """Build a notification of that incident; each has another cause."""
    made = Notification("shop", 12, number, kind, "oncall", NOON, "critical", "triggered", "alert-bot", 7 + number, 0)  # type: ignore[arg-type]
    return msgspec.structs.replace(made, **changes)


def entry(
    incidents: Sequence[IncidentState] = (), notifications: Sequence[Notification] = (), offset: int = 0, is_history: bool = False
) -> JournalEntry:
    """Build a journal entry."""
    part = Entry("w", "1", offset - 1, offset, offset + 1)
    part = msgspec.structs.replace(
        part,
        incidents=encode(IncidentSection(list(incidents))) if incidents else b"",
        notifications=encode(NotificationSection(list(notifications))) if notifications else b"",
    )
    return JournalEntry(0, Position(offset, offset + 1), (part,), is_history)


def with_forgettings(made: JournalEntry, forgettings: bytes) -> JournalEntry:
    part = msgspec.structs.replace(made.parts[0], forgettings=forgettings)
    return JournalEntry(made.partition, made.position, (part,))


def batch(*entries: JournalEntry) -> Batch:
    return Batch(entries, {0: Position()}, {0: entries[-1].position})


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def millis(self) -> int:
        return NOON + round(self.seconds * 1000)


@dataclass
class SlackWorld:
    """One store and one Slack, and as many sinks after one another as a test starts."""

    slack: RunningSlack
    token: str = ""
    limits: Limits = field(default_factory=Limits)
    store: MemoryStore = field(default_factory=MemoryStore)
    letters: Letters = field(default_factory=Letters)
    troubles: MemoryStore = field(default_factory=MemoryStore)
    alerts: Alerts = field(default_factory=Alerts)
    configured: Configured = field(default_factory=lambda: Configured(Applied(CONFIGURATION, 0, 0)))
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.slack.workspace.now = lambda: self.clock.millis() / 1000

    def start(self) -> SlackSink:
        """Start a sink as after a crash: all it knows is in the store."""
        client = SlackClient(self.slack.url, self.token, self.limits)
        postman = Postman(client, self.letters, self.clock.millis, self.clock.monotonic, "tocsin.journal.v1", CONTEXT)
        trouble = Trouble(self.troubles, self.alerts, 4, self.clock.monotonic)
        sink = SlackSink(self.configured, Threads(self.store, 4), postman, trouble)
        sink.assign(Assignment((0, 1, 2, 3), UUID(int=1)))
        return sink

    def settle(self, sink: SlackSink, seconds: int = 120) -> None:
        """Let time pass, a second at a time, as the reader's calls of `tend` do."""
        for _ in range(seconds):
            self.clock.seconds += 1
            sink.tend()
