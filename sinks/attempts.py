"""Trying again what did not work, after longer and longer waits. Not here: what is tried."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from schemas.errors import Unavailable
from sinks import metrics
from sinks.sink import Batch, Superseded

log = structlog.get_logger()
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.1, 10.0
HOLD_SECONDS = 0.25
"""How long at most until it is seen that what is tried is wanted no more."""


class Attempts:
    """What one thread tries for a sink; `hold` waits so many seconds, or less."""

    def __init__(self, sink_name: str, hold: Callable[[float], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._name = sink_name
        self._hold = hold
        self._clock = clock
        self.failures = 0
        """Since the last success."""

    def back_off(self, error: Unavailable, is_wanted: Callable[[], bool]) -> None:
        """Wait after a failure, twice as long as after the one before it, but only while it is wanted."""
        seconds = min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0**self.failures)
        self.failures += 1
        metrics.RETRIES.labels(self._name).inc()
        log.warning("attempt_failed", sink=self._name, error=str(error), again_in_seconds=seconds)
        deadline = self._clock() + seconds
        while is_wanted() and (left := deadline - self._clock()) > 0:
            self._hold(min(left, HOLD_SECONDS))

    def deliver(self, deliver: Callable[[Batch], None], batch: Batch, is_wanted: Callable[[], bool]) -> bool:
        """Deliver until it works out; False: given up, nothing of it may be taken for applied."""
        while is_wanted():
            try:
                with metrics.BATCH_SECONDS.labels(self._name).time():
                    deliver(batch)
            except Unavailable as error:
                self.back_off(error, is_wanted)
                continue
            except Superseded as error:
                metrics.SUPERSEDED.labels(self._name).inc()
                log.warning("batch_superseded", sink=self._name, reason=str(error))
                return False
            self.failures = 0
            metrics.ENTRIES.labels(self._name).inc(len(batch.entries))
            return True
        return False
