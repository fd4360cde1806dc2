"""Trying again what did not work, after longer and longer waits. Not here: what is tried."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from schemas.errors import Unavailable
from sinks import metrics
from sinks.sink import Batch, NotTaken, Superseded

log = structlog.get_logger()
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.1, 10.0
LONGEST_FROM_KAFKA_SECONDS = 2.0
"""So soon is it seen that Kafka takes again what it refused; its state is read anew before each try, so not sooner."""
HOLD_SECONDS = 0.25
"""How long at most until it is seen that what is tried is wanted no more."""


class Attempts:
    """What one thread tries for a sink; `hold` waits so many seconds, or less; `tell` is told what Kafka does not take."""

    def __init__(
        self,
        sink_name: str,
        hold: Callable[[float], object],
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[str, str], None] = lambda about, words: None,
    ) -> None:
        self._name = sink_name
        self._hold = hold
        self._clock = clock
        self._tell = tell
        self.failures = 0
        """Since the last success."""
        self.not_taken: dict[str, int] = {}
        """How often in a row Kafka did not take what the sink itself wrote, by when it was written."""

    def back_off(self, error: Unavailable, is_wanted: Callable[[], bool]) -> None:
        """Wait after a failure, twice as long as after the one before it, but only while it is wanted."""
        seconds = min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0**self.failures)
        self.failures += 1
        metrics.RETRIES.labels(self._name).inc()
        log.warning("attempt_failed", sink=self._name, error=str(error), again_in_seconds=seconds)
        self._wait(seconds, is_wanted)

    def back_off_from_kafka(self, when: str, error: NotTaken, is_wanted: Callable[[], bool]) -> None:
        """Wait after Kafka did not take a write; longer each time until one of the same kind is taken."""
        count = self.not_taken.get(when, 0)
        self.not_taken[when] = count + 1
        metrics.NOT_TAKEN.labels(self._name).inc()
        log.warning("write_not_taken", sink=self._name, reason=str(error))
        self._tell(when, str(error))
        self._wait(min(LONGEST_FROM_KAFKA_SECONDS, FIRST_RETRY_SECONDS * 2.0**count), is_wanted)

    def taken(self, when: str) -> None:
        """Take note that nothing of this kind is refused any more."""
        if self.not_taken.pop(when, 0):
            self._tell(when, "")

    def _wait(self, seconds: float, is_wanted: Callable[[], bool]) -> None:
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
            except NotTaken as error:
                self.back_off_from_kafka("deliver", error, is_wanted)
                return False
            except Superseded as error:
                metrics.SUPERSEDED.labels(self._name).inc()
                log.warning("batch_superseded", sink=self._name, reason=str(error))
                return False
            self.failures = 0
            self.taken("deliver")
            metrics.ENTRIES.labels(self._name).inc(len(batch.entries))
            return True
        return False
