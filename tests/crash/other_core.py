"""A test build of the core that decides differently, and a worker that runs it: all that arrives is of low severity.

Two versions at once must leave one history; which version decided about a record stands in its entry.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from processors import journal, partition
from processors.core import step
from processors.core.decisions import Decisions
from processors.core.state import State
from schemas.codec import decode, encode
from schemas.errors import MalformedRecord
from schemas.records import AlertBatch, Frame
from schemas.settings import Settings

VERSION = "other"


def process_record(state: State, offset: int, timestamp: int, value: bytes | None, headers: Any = ()) -> Decisions:
    """Decide as the core does, about a record in which every severity is low."""
    return step.process_record(state, offset, timestamp, _lowered(value), headers)


def _lowered(value: bytes | None) -> bytes | None:
    try:
        frame = decode(value or b"", Frame)
    except MalformedRecord:
        return value
    return encode(Frame([_low(item) if isinstance(item, AlertBatch) else item for item in frame.items]))


def _low(batch: AlertBatch) -> AlertBatch:
    return replace(batch, default_severity="low", events=[replace(event, severity="low") for event in batch.events])


def main() -> None:
    from processors.worker import run
    from schemas.telemetry import configure_logging

    configure_logging()
    journal.VERSION = VERSION
    partition.process_record = process_record
    run(Settings.load())


if __name__ == "__main__":
    main()
