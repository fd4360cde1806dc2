"""The configuration in force, as topic `config` has it: read to its end at the start, then followed.

For every producer. Not here: what a configuration means (`schemas/configuration.py`), how it gets onto the topic.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Protocol

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from schemas.configuration import Configuration, unpack
from schemas.errors import MalformedRecord
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import CONFIG

log = structlog.get_logger()
KEY = b"current"
POLL_MILLIS = 500
RETRY_SECONDS = 1.0
NO_VERSION = -1
"""The version before any configuration was read; others are offsets in the topic."""
OnChange = Callable[[int, Configuration], None]


class ConfigRecord(Protocol):
    """What is used of a consumer's record."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


class CurrentConfiguration:
    """The newest configuration of those that came; empty before the first.

    `current` may be read from any thread; `on_change` is called in the thread that reads, once for each version.
    """

    def __init__(self, on_change: OnChange | None = None) -> None:
        self.current: tuple[int, Configuration] = (NO_VERSION, Configuration())
        self._on_change = on_change

    def apply(self, record: ConfigRecord) -> None:
        """Take a record of the topic; an older one, another key or bytes that cannot be read change nothing."""
        if record.key != KEY or record.value is None or record.offset <= self.current[0]:
            return
        try:
            configuration = unpack(record.value)
        except MalformedRecord as error:
            log.error("configuration_unreadable", version=record.offset, reason=str(error), kept=self.current[0])
            return
        self.current = (record.offset, configuration)
        log.info("configuration_taken", version=record.offset, projects=len(configuration.projects))
        if self._on_change is not None:
            self._on_change(record.offset, configuration)


class ConfigurationFollower:
    """A thread that follows the topic, through outages of the broker, until it is stopped."""

    def __init__(self, settings: Settings, on_change: OnChange | None = None) -> None:
        self._settings = settings
        self._held = CurrentConfiguration(on_change)
        self._is_stopped = Event()
        self._has_caught_up = Event()
        self._thread = Thread(target=self._run, name="configuration", daemon=True)

    @property
    def current(self) -> tuple[int, Configuration]:
        """The version (its offset; -1 for none) and the configuration in force."""
        return self._held.current

    @property
    def has_caught_up(self) -> bool:
        """Whether the topic was once read to its end, so that an empty configuration means that there is none."""
        return self._has_caught_up.is_set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; returns when it has ended, at most a few seconds later."""
        self._is_stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def wait_until_caught_up(self, seconds: float) -> bool:
        return self._has_caught_up.wait(seconds)

    def _run(self) -> None:
        while not self._is_stopped.is_set():
            try:
                self._follow()
            except (KafkaError, OSError) as error:  # an outage: what is in force stays so
                log.warning("configuration_not_followed", reason=str(error), error=type(error).__name__)
                self._is_stopped.wait(RETRY_SECONDS)

    def _follow(self) -> None:
        consumer = KafkaConsumer(group_id=None, enable_auto_commit=False, **client_options(self._settings))
        try:
            partition = TopicPartition(CONFIG.full_name(self._settings.topic_prefix), 0)
            consumer.assign([partition])
            consumer.seek_to_beginning(partition)
            end = consumer.end_offsets([partition])[partition]
            while not self._is_stopped.is_set():
                # By position, not by the last record: that one may have been compacted away.
                if not self._has_caught_up.is_set() and consumer.position(partition) >= end:
                    self._has_caught_up.set()
                for record in consumer.poll(timeout_ms=POLL_MILLIS).get(partition, []):
                    self._held.apply(record)
        finally:
            consumer.close()
