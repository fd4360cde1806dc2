"""The configuration as last applied, followed on the topic `config` by sinks that need receivers or the status page.

Not here: what it means (`schemas/configuration.py`), and applying it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from schemas.configuration import Configuration, unpack
from schemas.errors import MalformedRecord, Unavailable
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import CONFIG, MAX_MESSAGE_BYTES

log = structlog.get_logger()
ANSWER_MILLIS = 5_000


@dataclass(frozen=True, slots=True)
class Applied:
    """A configuration; `version` is its offset on the topic (-1: none was ever applied), `at` when it was written."""

    configuration: Configuration = field(default_factory=Configuration)
    version: int = -1
    at: int = 0


class FollowedConfiguration(Protocol):
    """What a sink needs of the follower; a test gives one of its own."""

    @property
    def current(self) -> Applied: ...
    def refresh(self) -> Applied: ...
    def close(self) -> None: ...


class ConfigurationFollower:
    """Reads the topic when asked to, without a consumer group: every process sees all of it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._place = TopicPartition(CONFIG.full_name(settings.topic_prefix), 0)
        self._consumer: Any = None
        self._applied = Applied()

    @property
    def current(self) -> Applied:
        """The last one read, without asking."""
        return self._applied

    def refresh(self) -> Applied:
        """Read on to the topic's end as it is now; give the last one that this version can read. Raises `Unavailable`."""
        try:
            consumer = self._connect()
            end = consumer.end_offsets([self._place], timeout_ms=ANSWER_MILLIS)[self._place]
            while consumer.position(self._place) < end:
                for record in consumer.poll(timeout_ms=500).get(self._place, ()):
                    self._take(record)
        except KafkaError as error:
            self.close()
            raise Unavailable(f"the configuration cannot be read: {error!r}") from error
        return self._applied

    def close(self) -> None:
        """Let go of the connection; `refresh` makes another."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False)
            self._consumer = None

    def _take(self, record: Any) -> None:
        try:
            configuration = Configuration() if record.value is None else unpack(record.value)
        except MalformedRecord as error:
            # A newer tocsin may have written it; what we have still holds.
            log.error("configuration_unreadable", offset=record.offset, error=str(error))
            return
        self._applied = Applied(configuration, record.offset, record.timestamp)
        log.info("configuration_followed", version=record.offset)

    def _connect(self) -> Any:
        if self._consumer is None:
            self._consumer = KafkaConsumer(
                **client_options(self._settings),
                group_id=None,
                enable_auto_commit=False,
                max_partition_fetch_bytes=MAX_MESSAGE_BYTES,
            )
            self._consumer.assign([self._place])
            self._consumer.seek(self._place, self._applied.version + 1)
        return self._consumer
