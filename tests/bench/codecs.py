"""Each codec alone, in CPU microseconds an alert: contents, inbox frames, journal entries written, read and restored.

Not here: the core (`core.py`).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from processors.core.state import State
from processors.journal import Gathering, restore, seal
from producers.webhook.content_body import encode_content
from schemas.chain import Position
from schemas.codec import decode, decode_body, encode, encode_body
from schemas.records import Content, Entry, Frame
from sinks.sink import JournalEntry, Section
from tests.bench.core import FRAME_EVENTS, Core, events_of
from tests.bench.figures import Figures

ROUNDS = 60
WRITER = "01J0000000000000000000000"
KNOWN = 5_000
FOR_POSTGRES: frozenset[Section] = frozenset({"alerts", "contents", "payloads", "incidents", "timeline", "outcomes"})
FOR_SLACK: frozenset[Section] = frozenset({"incidents", "notifications"})


def cost(work: Callable[[], object], alerts: int = FRAME_EVENTS) -> float:
    """Give the median CPU microseconds an alert of doing it."""
    costs = []
    for _ in range(ROUNDS):
        began = time.thread_time_ns()
        work()
        costs.append((time.thread_time_ns() - began) / 1000 / alerts)
    return statistics.median(costs)


def measure() -> Figures:
    """Measure frames of 64 events and the entries that they lead to, all new and all known."""
    core = Core(rules=20)
    core.fill(KNOWN)
    figures = _contents(core.known_frame(0))
    for name, frame in (("all new", core.fresh_frame()), ("all known", core.known_frame(1))):
        figures |= {f"codec, {name}/{what}": value for what, value in _frame_and_entry(core, frame).items()}
    return figures


def _contents(frame: Frame) -> Figures:
    bodies = [event.content for event in events_of(frame)]
    contents = [decode_body(body, Content) for body in bodies]
    return {
        "codec, content/write us": cost(lambda: [encode_body(one) for one in contents]),
        "codec, content/write at the door us": cost(lambda: [encode_content(one) for one in contents]),
        "codec, content/read us": cost(lambda: [decode_body(body, Content) for body in bodies]),
    }


def _frame_and_entry(core: Core, frame: Frame) -> Figures:
    value = encode(frame)
    gathering = Gathering(0, 0)
    gathering.add(core.process(value))
    partition = encode(core.state.partition_state(with_configuration=False))
    (sealed,) = seal(gathering, partition, WRITER, -1)
    entry = decode(sealed, Entry)
    return {
        "frame written us": cost(lambda: encode(frame)),
        "frame read us": cost(lambda: decode(value, Frame)),
        "entry sealed us": cost(lambda: seal(gathering, partition, WRITER, -1)),
        "entry opened us": cost(lambda: decode(sealed, Entry)),
        "sections for PostgreSQL us": cost(lambda: _sections(entry).decode(FOR_POSTGRES)),
        "sections for Slack us": cost(lambda: _sections(entry).decode(FOR_SLACK)),
        "restored us": cost(lambda: restore(State(), [entry])),
        "frame bytes": len(value) / FRAME_EVENTS,
        "entry bytes": len(sealed) / FRAME_EVENTS,
    }  # fmt: skip


def _sections(entry: Entry) -> JournalEntry:
    return JournalEntry(0, Position(), (entry,))
