"""What can arrive in an inbox: alert events, commands valid and senseless, ticks, configurations, broken frames.

Everything follows from the `Random` that is passed in. Not here: when it arrives (`months.py`, `tests/properties`),
which rules a project has (`rules.py`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from msgspec.structs import replace

from processors.partition import InboxRecord
from schemas.codec import encode
from schemas.commands import ARGUMENTS, BULK_VERBS
from schemas.records import SEVERITIES, AlertBatch, Command, Frame, FrameItem, Refusal, Tick
from schemas.topics import EVENTS_HEADER
from tests.world import batch, millis

FORMATS = {"generic": "generic", "prom": "alertmanager", "direct": "prometheus"}
"""Integrations, and what they send."""
Latest = tuple[int, int]
"""Numbers of a project's latest alert and incident."""
PEOPLE = ("ada", "bob", "eve")
TITLES = "ABCDEFGH"
SERVICES = ("db", "web", None)
WORDS = ("warning", "page", "critical", "")
BROKEN = b"\xc3\x01 no frame"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One inbox record: when the broker took it, in seconds of the virtual clock, and what it holds.

    After it the worker may write what has gathered (`is_written`) and be replaced by another (`is_last_of_worker`).
    """

    at: float
    items: tuple[FrameItem, ...] = ()
    broken_events: tuple[tuple[str, int], ...] | None = None
    is_written: bool = False
    is_last_of_worker: bool = False

    def record(self, offset: int) -> InboxRecord:
        """Write it as the broker gives it."""
        value = encode(Frame(list(self.items))) if self.broken_events is None else BROKEN
        counts = json.dumps(received(self)).encode()
        return InboxRecord(offset, millis(self.at), value, ((EVENTS_HEADER, counts),))

    def __str__(self) -> str:
        if self.broken_events is not None:
            return f"{self.at:>12}: broken frame of {dict(self.broken_events)}"
        end = " | written" * self.is_written + " | worker replaced" * self.is_last_of_worker
        return f"{self.at:>12}: " + "; ".join(map(_describe, self.items)) + end


def received(arrival: Arrival) -> dict[str, int]:
    """Count the alert events of a record by project, as its header does."""
    if arrival.broken_events is not None:
        return dict(arrival.broken_events)
    counts: Counter[str] = Counter()
    for item in arrival.items:
        if isinstance(item, AlertBatch):
            counts[item.project] += len(item.events) + len(item.refusals)
    return {project: count for project, count in counts.items() if count}


def inbox_of(arrivals: Iterable[Arrival]) -> list[InboxRecord]:
    return [arrival.record(offset) for offset, arrival in enumerate(arrivals)]


def tick(at: float, source: Any = "clock") -> Tick:
    return Tick(millis(at), source)


def some_batch(chance: Random, project: str, at: float, count: int) -> AlertBatch:
    """A request of so many events; now and then an element was refused at the door, or nobody can read what one says."""
    integration = chance.choice(tuple(FORMATS))
    made = batch(
        *(_said(chance, at, integration) for _ in range(count)),
        project=project, integration=integration, format=FORMATS[integration],
        received=at - chance.choice((0, 0, 0, 1, 5, 60)), source=chance.choice(("", "a", "b")),
        total=count + 1 if chance.random() < 0.05 else None,
    )  # fmt: skip
    if chance.random() < 0.05:
        made = replace(made, events=[*made.events[:-1], replace(made.events[-1], content=b"\x01")])
    if chance.random() < 0.1:
        made = replace(made, refusals=[Refusal(count, "no object")], total=count + 1)
    return made


def _said(chance: Random, at: float, integration: str) -> dict[str, Any]:
    title = chance.choice(TITLES)
    said: dict[str, Any] = {"title": title, "labels": {}}
    if chance.random() < 0.5:
        said["labels"] = {"cluster": chance.choice(("c1", "c2", ""))}
    if chance.random() < 0.8:
        said["service"] = chance.choice(SERVICES)
    if chance.random() < 0.6:
        said["severity"] = chance.choice(SEVERITIES)
    if chance.random() < (0.4 if integration == "generic" else 0.9):
        said["start"] = chance.choice((0, at // 3600 * 3600, at // 60 * 60, at + 600))
    if chance.random() < 0.35:
        said["resolved"] = True
    elif integration == "direct":
        said |= chance.choice(({"expires_after": 20}, {"expires": at + chance.choice((-5, 30))}))
    if chance.random() < 0.1:
        said["identity"] = "other labels of the same hash"
    if integration == "generic" and chance.random() < 0.05:
        said["fingerprint"] = ""
    if chance.random() < 0.2:
        said["labels"]["severity"] = chance.choice(WORDS)
    elif chance.random() < 0.2:
        said["as_sent"] = chance.choice(WORDS)
    return said


def some_command(chance: Random, project: str, at: float, unit: int = 1, latest: Latest = (9, 6)) -> Command:
    """A command about one of the latest alerts or incidents, sensible as a rule; `unit` is how many seconds a short while is."""
    if chance.random() < 0.04:
        return _command(chance, project, "alert", "dance", 1, {})
    if chance.random() < 0.15:
        return _command(chance, project, "alert", *_many(chance, latest))
    if chance.random() < 0.3:
        verb, number, said = _about_silence(chance, at, unit)
        return _command(chance, project, "silence", verb, number, said)
    target = chance.choice(("alert", "alert", "incident"))
    if target == "incident" and chance.random() < 0.1:
        return _command(chance, project, target, "create", None, {"title": "by hand"})
    verb = chance.choice(tuple(ARGUMENTS[target]))  # type: ignore[index]  # mypy joins the choices to str
    number = _one_of(chance, latest[target == "incident"])
    return _command(chance, project, target, verb, number, _arguments(chance, verb, at, latest))


def _command(chance: Random, project: str, target: str, verb: str, number: int | None, said: dict[str, Any]) -> Command:
    text = json.dumps(said).encode() if chance.random() < 0.97 else b'{"what": 1}'
    id = f"c{chance.randint(1, 30 if chance.random() < 0.1 else 10**9)}"
    return Command(project, id, chance.choice(PEOPLE), verb, target, number, text)


def _many(chance: Random, latest: Latest) -> tuple[str, None, dict[str, Any]]:
    verb = chance.choice(BULK_VERBS)
    said: dict[str, Any] = {"assignee": "ada"} if verb == "assign" else {}
    named = (
        {"numbers": [_one_of(chance, latest[0]) for _ in range(3)]} if chance.random() < 0.5 else {"matchers": ['service="db"']}
    )
    return verb, None, said | named


def _about_silence(chance: Random, at: float, unit: int) -> tuple[str, int | None, dict[str, Any]]:
    verb = chance.choice(("create", "create", "edit", "expire"))
    if verb == "expire":
        return verb, chance.randint(1, 4), {}
    start = at + unit * chance.choice((-5, 0, 5))
    matchers = chance.choice((['service="db"'], ['alertname=~"[A-C]"', 'cluster!="c2"'], ['severity="page"'], ['title!=""']))
    said = {"matchers": matchers, "ends_at": _iso(start + unit * chance.choice((10, 20)))}
    return verb, None if verb == "create" else chance.randint(1, 4), said | ({"starts_at": _iso(start)} if start > at else {})


def _one_of(chance: Random, latest: int) -> int:
    return max(1, latest - chance.randint(0, 8))


def _arguments(chance: Random, verb: str, at: float, latest: Latest) -> dict[str, Any]:
    """Give arguments for a command about one alert or incident; of other shapes than its own it has none."""
    alert, incident = (_one_of(chance, number) for number in latest)
    shapes: dict[str, dict[str, Any]] = {
        "assign": {"assignee": "ada"}, "unassign": {"assignee": "ada"}, "comment": {"text": "seen"},
        "move": {"incident": incident}, "link-alert": {"alert": alert}, "unlink-alert": {"alert": alert},
        "merge": {"into": incident}, "timeline": {"text": "then", "at": _iso(at)}, "confidential": {"on": chance.random() < 0.5},
        "severity": {"severity": chance.choice(SEVERITIES)}, "title": {"title": "better"}, "description": {"description": "so"},
        "zoom": {"text": "https://zoom.us/j/123456789"}, "link": {"url": "https://a.example/"},
        "unlink": {"url": "https://a.example/"}, "status-update": {"status": "monitoring", "text": "better"},
    }  # fmt: skip
    return shapes.get(verb, {})


def _iso(at: float) -> str:
    return datetime.fromtimestamp(millis(at) / 1000, UTC).isoformat()


def _describe(item: FrameItem) -> str:
    match item:
        case AlertBatch():
            return f"{item.project}/{item.integration} sends " + ", ".join(_describe_event(event) for event in item.events)
        case Command():
            return f"{item.actor} of {item.project} wants {item.target} {item.number} {item.verb} {item.arguments.decode()}"
        case Tick():
            return f"tick of {item.source}"
        case _:
            return f"configuration {item.version}, {len(item.content)} bytes"


def _describe_event(event: Any) -> str:
    return f"{event.payload.decode()}" if event.payload else event.fingerprint


def events_in(items: Sequence[FrameItem]) -> int:
    return sum(len(item.events) for item in items if isinstance(item, AlertBatch))
