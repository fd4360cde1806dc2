"""The inbox as the ledger reads it: offsets and headers, by a consumer in no group, placed by the ledger alone.

Not here: what the headers add up to (`book.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, OffsetOutOfRangeError

from schemas.errors import OperatorError, Unavailable
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import INBOX, MAX_MESSAGE_BYTES
from sinks.journal import LINGER_BYTES, UNREADABLE

LINGER_SECONDS = 0.25
"""How long records may gather before they are fetched: one by one they cost 200 µs each, and nobody waits for the count."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a record of the inbox lies, and what it says of itself."""

    partition: int
    offset: int
    headers: tuple[tuple[str, bytes], ...]


class Inbox(Protocol):
    """What the ledger needs of `KafkaInbox`; see there."""

    def place(self, starts: Mapping[int, int]) -> None: ...
    def poll(self, seconds: float) -> Sequence[Frame]: ...
    def committed(self) -> Mapping[int, int]: ...
    def close(self) -> None: ...


class KafkaInbox:
    """Raises `Unavailable` for what passes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = INBOX.full_name(settings.topic_prefix)
        self._consumer: Any = None

    def place(self, starts: Mapping[int, int]) -> None:
        """Read these partitions from these offsets, and no others."""
        self.close()
        if not starts:
            return
        try:
            self._consumer = KafkaConsumer(
                **client_options(self._settings),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                max_partition_fetch_bytes=MAX_MESSAGE_BYTES,
                fetch_min_bytes=LINGER_BYTES,
                fetch_max_wait_ms=round(LINGER_SECONDS * 1000),
            )
            self._consumer.assign([TopicPartition(self._topic, partition) for partition in starts])
            for partition, offset in starts.items():
                self._consumer.seek(TopicPartition(self._topic, partition), offset)
        except KafkaError as error:
            raise Unavailable(f"the inbox cannot be read: {error!r}") from error

    def poll(self, seconds: float) -> Sequence[Frame]:
        """Wait for frames so long at most. Raises `OperatorError` when those that come next are gone or cannot be read."""
        if self._consumer is None:
            return ()
        try:
            found = self._consumer.poll(timeout_ms=int(seconds * 1000))
        except OffsetOutOfRangeError as error:
            raise OperatorError(f"frames of the inbox are gone before the ledger has counted them: {error}") from error
        except UNREADABLE as error:
            raise OperatorError(f"a batch of the inbox cannot be read: {error!r}") from error
        except KafkaError as error:
            raise Unavailable(f"the inbox cannot be read: {error!r}") from error
        return [Frame(one.partition, one.offset, tuple(one.headers)) for records in found.values() for one in records]

    def committed(self) -> Mapping[int, int]:
        """Give the inbox offsets up to which the worker says that it is done."""
        try:
            client = KafkaAdminClient(**client_options(self._settings))
            try:
                group = f"{self._settings.topic_prefix}process"
                offsets = client.list_group_offsets({group: None}).get(group, {})
            finally:
                client.close()
        except KafkaError as error:
            raise Unavailable(f"the worker's commits cannot be read: {error!r}") from error
        return {one.partition: at.offset for one, at in offsets.items() if one.topic == self._topic}

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close(autocommit=False)
            self._consumer = None
