"""The producer of what a sink itself writes. Not here: what that is (`compacted.py`, `dead_letters.py`)."""

from __future__ import annotations

from contextlib import suppress

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import MAX_MESSAGE_BYTES


class ClosableProducer(KafkaProducer):  # type: ignore[misc]  # the library ships no types
    """Ends when it is closed, whatever it holds; the library's own raises then and goes on (STACK, kafka-python rule 10)."""

    def flush(self, timeout: float | None = None) -> None:
        with suppress(KafkaTimeoutError):
            super().flush(timeout)


def connect_producer(settings: Settings) -> ClosableProducer:
    """Connect, blocking; raises kafka-python's errors."""
    return ClosableProducer(**client_options(settings), linger_ms=0, max_request_size=MAX_MESSAGE_BYTES)
