"""Large entries are applied in a thread of their own, so that the other partitions need not wait for them.

The thread is to the sink's store what another process of the group is: both keep to the positions there. Not here: which
entries are large, and what is read meanwhile (`reader.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

from sinks.attempts import Attempts
from sinks.sink import Assignment, Batch, Sink


class Aside:
    """Applies batches with a sink of its own, one after the other. Used from the reader's thread; not again after `close`."""

    def __init__(self, sink_name: str, sink: Sink) -> None:
        self._sink = sink
        self._is_closed = Event()
        self._attempts = Attempts(sink_name, self._is_closed.wait)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")
        self._assignment: Assignment | None = None
        self._running: dict[Future[bool], Batch] = {}

    def start(self, batch: Batch, assignment: Assignment, is_wanted: Callable[[], bool]) -> None:
        """Begin to apply a batch of one partition; `is_wanted` is asked before each attempt, in the thread."""
        self._running[self._thread.submit(self._apply, batch, assignment, is_wanted)] = batch

    @property
    def is_busy(self) -> bool:
        return bool(self._running)

    @property
    def failures(self) -> int:
        """How often in a row the batch in hand did not work out."""
        return self._attempts.failures if self._running else 0

    def take_finished(self) -> list[tuple[Batch, bool]]:
        """Take the batches that are through, and whether they were applied; raises what stopped one."""
        finished = [future for future in self._running if future.done()]
        return [(self._running.pop(future), future.result()) for future in finished]

    def close(self) -> None:
        """Let the attempt in hand end, try nothing more, and close the sink."""
        self._is_closed.set()
        self._thread.submit(self._sink.close)
        self._thread.shutdown()

    def _apply(self, batch: Batch, assignment: Assignment, is_wanted: Callable[[], bool]) -> bool:
        self._attempts.failures = 0
        for entry in batch.entries:
            entry.decode(self._sink.sections)

        def deliver(batch: Batch) -> None:
            if assignment != self._assignment:
                self._sink.assign(assignment)
                self._assignment = assignment
            self._sink.deliver(batch)

        return self._attempts.deliver(deliver, batch, lambda: is_wanted() and not self._is_closed.is_set())
