"""What Kafka has refused for good of one producer's records, and what that says of the next. Not here: Kafka's clients."""

from __future__ import annotations

from collections.abc import Callable

from schemas.refusals import name_of

RETRY_SECONDS = 1.0
LONGEST_BACK_OFF_SECONDS = 2.0
"""Between two producers while Kafka refuses one record after the other; after a single refusal the next is taken at once."""
REMEMBERED_SECONDS = 60.0
"""So long is a refusal told of where nothing is sent after it that could show that it is over."""


class Refusals:
    """Counts refusals since the last acknowledgement. From any thread: each change is one assignment."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._told: list[BaseException] = []
        self._count = 0
        self._last: tuple[str, float] | None = None

    def is_new(self, error: BaseException) -> bool:
        """Say whether an error came for the first time of this producer.

        kafka-python fails all that a producer still holds with the *same* error object as the record that was refused.
        So only the first record with an object is known to be unwritten; of the others nobody knows.
        """
        if any(error is told for told in self._told):
            return False
        self._told.append(error)
        return True

    def note(self, error: BaseException, is_of_one_record: bool) -> None:
        """Take note of a refusal; one for the size of a record says nothing of others."""
        self._count += 1
        if not is_of_one_record:
            self._last = name_of(error), self._monotonic()

    def forget_producer(self) -> None:
        """Another producer is there: its errors are its own."""
        self._told = []

    def clear(self) -> None:
        """Something was acknowledged."""
        self._last, self._count = None, 0

    @property
    def last(self) -> str:
        """The error by which all is refused at this moment; empty: none, or it was long ago."""
        last = self._last
        return last[0] if last is not None and self._monotonic() - last[1] < REMEMBERED_SECONDS else ""

    @property
    def back_off_seconds(self) -> float:
        """How long to wait before the next producer."""
        return min(LONGEST_BACK_OFF_SECONDS, max(0, self._count - 1) * RETRY_SECONDS)
