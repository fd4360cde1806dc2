"""What an error of a Kafka client says: may sending again help, and is a record's size the reason.

Both clients name these things alike, so that neither has to be imported here. Not here: what is done about it
(`producers/inbox.py`, `processors/entry_producer.py`, `sinks/compacted.py`).
"""

from __future__ import annotations

MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE = 10, 18
"""Kafka's error codes (the protocol's guide, "Error Codes"): a record, or a batch of them, over `max.message.bytes`."""
BATCH_OVERHEAD_BYTES = 128
"""At most what one record costs besides its key, value and headers: 61 for the batch, about 40 for lengths and times."""
LIMIT_SETTING = "max.message.bytes"


def is_final(error: BaseException) -> bool:
    """Say whether an error of a client is one that sending the same again cannot cure, as the client itself sees it."""
    return not getattr(error, "retriable", False)


def is_too_large(error: BaseException) -> bool:
    """Say whether a record was refused for its size alone."""
    return getattr(error, "errno", None) in (MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE)


def name_of(error: BaseException) -> str:
    """Name an error in a line for people, and as a metric's label."""
    return type(error).__name__
