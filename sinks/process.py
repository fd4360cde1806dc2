"""A sink as a process: found by its name, built, read for until a signal. Not here: any sink, the reading (`reader.py`)."""

from __future__ import annotations

import signal
from collections.abc import Callable
from importlib.metadata import entry_points
from threading import Event

import structlog

from schemas.errors import OperatorError
from schemas.first_use import use_each_type_once
from schemas.settings import Settings
from schemas.telemetry import PROCESSES, configure_logging, serve_metrics
from schemas.troubles import Troubles
from sinks.journal import KafkaJournal
from sinks.reader import Reader
from sinks.sink import Sink

log = structlog.get_logger()
ENTRY_POINTS = "tocsin.sinks"


def run(settings: Settings, name: str) -> None:
    """Run the sink of this name until SIGTERM or SIGINT, then finish the batch in hand.

    Raises `OperatorError` (no such sink; the journal cannot be followed; what the sink cannot do), `Unavailable` when
    Kafka does not answer at the start.
    """
    configure_logging()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    build = find_sink(name)
    use_each_type_once()
    sink = build(settings)
    journal = KafkaJournal(settings, name, sink.takes_all_partitions, sink.linger_seconds)
    process = f"sink-{name}"
    troubles = Troubles(settings.data, process)
    second = build(settings) if may_work_beside_another(sink) else None
    reader = Reader(name, sink, journal, sink_for_large=second, tell=troubles.tell)
    if process in PROCESSES:  # a plug-in's own has no port reserved
        serve_metrics(settings, process, lambda: reader.is_ready, lambda: troubles.text)
    log.info("sink_started", sink=name)
    reader.run(stop)
    log.info("sink_stopped", sink=name)


def may_work_beside_another(sink: Sink) -> bool:
    """Whether a second sink like this one may apply other partitions at the same time, as another process of the group would."""
    return sink.stores_positions and not sink.takes_all_partitions


def find_sink(name: str) -> Callable[[Settings], Sink]:
    """Find a sink's `build` by its entry point; raises `OperatorError`, which names those there are."""
    found = entry_points(group=ENTRY_POINTS)
    if name not in found.names:
        raise OperatorError(f"there is no sink {name!r}; there are: {', '.join(sorted(found.names))}")
    build: Callable[[Settings], Sink] = found[name].load()
    return build
