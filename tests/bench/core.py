"""The core alone, in CPU microseconds an event: inbox frames go in, decisions come out; no Kafka, no journal, no frames' codec.

What decoding the frame costs is measured beside each record and taken off. "Read before": the contents were decoded
already (the core remembers some), so that no codec is left in it at all; the other rows are as a worker meets them.
Not here: the codecs (`codecs.py`), a running stack (`loads.py`).
"""

from __future__ import annotations

import gc
import itertools
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

import msgspec
from msgspec.structs import replace

from processors.core.content import read_content
from processors.core.decisions import Decisions
from processors.core.state import State
from processors.core.step import process_record
from schemas import configuration, records
from schemas.codec import decode, encode, encode_body
from schemas.limits import Limits
from schemas.matcher_limits import program_size
from schemas.records import AlertBatch, AlertEvent, Content, Frame, FrameItem, SilenceState
from tests.bench.figures import Figures

EPOCH_MILLIS = 1_800_000_000_000
FRAME_EVENTS = 64
LIMITS = Limits()
MEASURED_FRAMES = 60
OPEN, RULES = 100_000, 200
"""The size at which issue and design name a limit."""
SILENCES = 10_000
EXPRESSION = ".*[no]where-{number}.*"
"""The dearest kind that is accepted: it has no beginning to be told apart by, and must look at each character."""


def settings_of(rules: int) -> dict[str, Any]:
    """Give one project's configuration with so many rules: half for incidents, two fifths for telling, the rest inhibit.

    One rule of each kind fits a service, so that a linear search looks at half of them; no target has a source.
    """
    severe = 'severity=~"critical|high"'
    return {
        "incidents": [
            {"name": f"rule {number}", "match": [f'service="service-{number}"', severe], "group_by": ["service"]}
            for number in range(max(1, rules // 2))
        ],
        "notify": [
            {"match": [f'service="service-{number}"'], "receivers": [f"receiver-{number}"]} for number in range(rules * 2 // 5)
        ],
        "inhibit": [
            {"source": [f'alertname="Down {number}"'], "target": [f'service="service-{number}"'], "equal": ["cluster"]}
            for number in range(rules // 10)
        ],
    }  # fmt: skip


@dataclass(slots=True)
class Core:
    """A partition's core that has been configured, and is fed one record after the other."""

    projects: int = 1
    rules: int = 2
    state: State = field(default_factory=State)
    opened: int = 0
    services: int = 0
    offsets: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.services = max(1, self.rules // 2)
        projects = {f"bench-{number}": settings_of(self.rules) for number in range(self.projects)}
        made = msgspec.convert({"projects": projects}, configuration.PartitionConfiguration)
        self.process(encode(Frame([records.Configuration(1, 0, 1, configuration.pack(made))])))
        assert len(self.state.rules.projects) == self.projects

    def process(self, frame: bytes) -> Decisions:
        offset = next(self.offsets)
        return process_record(self.state, offset, EPOCH_MILLIS + offset, frame)

    def fill(self, open_alerts: int) -> None:
        """Create alerts until so many are open, by events as any others."""
        while self.opened < open_alerts:
            self.process(encode(self.fresh_frame(min(FRAME_EVENTS, open_alerts - self.opened))))
        assert len(self.state.open_alerts) == self.opened

    def silence(self, count: int) -> None:
        """Put so many silences that are active and mute nothing of what is sent: as many as may be of each dear kind.

        Those that only exclude say of each alert that it is another, so that all of their expressions are run.
        """
        exclusions = LIMITS.max_project_exclusions
        expressions = LIMITS.max_project_instructions // program_size(EXPRESSION.format(number=SILENCES))
        for number in range(1, count + 1):
            texts = _silenced(number)
            if number <= exclusions:
                texts = ['instance!~"host-.*"', 'title!~"nothing"']
            elif number <= exclusions + expressions:
                texts = [f'instance=~"{EXPRESSION.format(number=number)}"']
            self.state.put_silence(
                SilenceState("bench-0", str(number), 1, 0, -1, texts, EPOCH_MILLIS, 2 * EPOCH_MILLIS, "", "ada", 0)
            )

    def fresh_frame(self, events: int = FRAME_EVENTS) -> Frame:
        first, self.opened = self.opened, self.opened + events
        return self._frame(range(first, first + events))

    def known_frame(self, turn: int) -> Frame:
        """Repeat alerts from all over the store, another set with each turn."""
        step = 7919  # a prime, so that neighbours in the frame are none in the store
        return self._frame([(turn * FRAME_EVENTS + place) * step % self.opened for place in range(FRAME_EVENTS)])

    def changed_frame(self, turn: int) -> Frame:
        """Repeat alerts as `known_frame` does, each with another description than before: it is looked at anew."""
        said = f"p99 over {turn + 2} s for 5 minutes"
        return Frame([_saying(batch, said) for batch in self.known_frame(turn).items if isinstance(batch, AlertBatch)])

    def _frame(self, numbers: range | list[int]) -> Frame:
        by_project: dict[str, list[AlertEvent]] = {}
        for index, number in enumerate(numbers):
            by_project.setdefault(f"bench-{number % self.projects}", []).append(
                event(index, number, number // self.projects % self.services)
            )
        batches: list[FrameItem] = [
            AlertBatch(project, "alertmanager", "alertmanager", "critical", "01J", len(events), events)
            for project, events in by_project.items()
        ]
        return Frame(batches)


def _saying(batch: AlertBatch, description: str) -> AlertBatch:
    said = [replace(read_content(one.content), description=description) for one in batch.events]
    events = [replace(one, content=encode_body(content)) for one, content in zip(batch.events, said, strict=True)]
    return replace(batch, events=events)


def _silenced(number: int) -> list[str]:
    """Silence one host of one service, as people do."""
    return [f'instance="nowhere-{number}:9100"', f'service="service-{number % 100}"']


def event(index: int, number: int, service: int) -> AlertEvent:
    """Make one event of about the size of a Prometheus alert; the number tells conditions apart."""
    labels = {"alertname": "HighLatency", "instance": f"host-{number}:9100", "job": "node", "cluster": "eu-1", "team": "web"}
    content = Content(
        title=f"requests on host-{number} take too long", description="p99 over 1 s for 5 minutes", hosts=[f"host-{number}"],
        service=f"service-{service}", monitoring_tool="Prometheus", labels=labels, annotations={"runbook": "none"},
    )  # fmt: skip
    fingerprint = sha1(str(number).encode()).hexdigest()
    return AlertEvent(index, fingerprint, b"", True, "critical", EPOCH_MILLIS, None, encode_body(content), b'{"a": "payload"}')


def cost_of_events(core: Core, frames: list[Frame], is_read_before: bool = False) -> float:
    """Give the median CPU microseconds an event, what it takes to decode its frame taken off."""
    costs = []
    for frame in frames:
        value = encode(frame)
        if is_read_before:
            for one in events_of(frame):
                read_content(one.content)
        began = time.thread_time_ns()
        decode(value, Frame)
        decoded = time.thread_time_ns()
        core.process(value)
        costs.append((time.thread_time_ns() - decoded - (decoded - began)) / 1000 / len(events_of(frame)))
    return statistics.median(costs)


def events_of(frame: Frame) -> list[AlertEvent]:
    return [one for batch in frame.items if isinstance(batch, AlertBatch) for one in batch.events]


def measure_core(at: Core) -> Figures:
    """Measure a core as it stands, garbage collection and all."""
    gc.collect()
    merged = cost_of_events(at, [at.known_frame(turn) for turn in range(MEASURED_FRAMES)])
    changed = cost_of_events(at, [at.changed_frame(turn) for turn in range(MEASURED_FRAMES)])
    created = cost_of_events(at, [at.fresh_frame() for _ in range(MEASURED_FRAMES)])
    bare = cost_of_events(at, [at.fresh_frame() for _ in range(MEASURED_FRAMES)], is_read_before=True)
    return {"merged us": merged, "merged, changed us": changed, "created us": created, "created, read before us": bare}


def measure() -> Figures:
    """Measure at the size that has a limit."""
    core = Core(rules=RULES)
    core.fill(OPEN)
    figures = {f"core, {OPEN:,} open, {RULES} rules/{name}": value for name, value in measure_core(core).items()}
    core.silence(SILENCES)
    silenced = f"core, {OPEN:,} open, {RULES} rules, {SILENCES:,} silences"
    return figures | {f"{silenced}/{name}": value for name, value in measure_core(core).items()}


def measure_growth() -> Figures:
    """Measure what the cost of an event grows with: open alerts, projects, rules; one of them at a time."""
    figures: Figures = {}
    core = Core(rules=20)
    for open_alerts in (1_000, 10_000, 200_000):
        core.fill(open_alerts)
        figures |= _named(f"{open_alerts:,} open", core)
    for projects in (1, 200, 5_000):
        core = Core(projects=projects)
        core.fill(10_000)
        figures |= _named(f"10,000 open, {projects:,} projects", core)
    for rules in (2, 20, 200, 1_000):
        core = Core(rules=rules)
        core.fill(10_000)
        figures |= _named(f"10,000 open, {rules:,} rules", core)
    return figures


def _named(name: str, core: Core) -> Figures:
    return {f"growth, {name}/{what}": value for what, value in measure_core(core).items() if "before" not in what}
