"""Connecting a kafka-python producer by STACK's rules, and asking how large a topic's records may be. Not here: what is sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import AuthorizationError, KafkaError, KafkaTimeoutError

from schemas.errors import Unavailable
from schemas.kafka import client_options
from schemas.refusals import LIMIT_SETTING
from schemas.settings import Settings
from schemas.topics import MAX_MESSAGE_BYTES

DELIVERY_TIMEOUT_MILLIS = 120_000
"""STACK, kafka-python rule 1: with 10 s a producer wedged for good after a 50 s outage."""
BLOCK_MILLIS = 1_000
"""For the topic's metadata, which is there after `connect_producer`."""
RECONNECT_MILLIS = 1_000
CONNECT_MILLIS = 3_000
RECORD_OVERHEAD_BYTES = 16_384
MAX_REQUEST_BYTES = MAX_MESSAGE_BYTES - RECORD_OVERHEAD_BYTES


class Metadata(Protocol):
    """What the broker says of a record: its offset, and its timestamp in milliseconds (LogAppendTime where that is set)."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...


class Sent(Protocol):
    """kafka-python's future of one record; calls back from the producer's own thread."""

    def add_callback(self, call: Callable[[Metadata], None]) -> object: ...
    def add_errback(self, call: Callable[[BaseException], None]) -> object: ...
    def get(self, timeout: float | None = None) -> Metadata: ...


class Producer(Protocol):
    """What is used of kafka-python's producer."""

    def send(
        self,
        topic: str,
        *,
        key: bytes | None = None,
        value: bytes,
        partition: int,
        headers: list[tuple[str, bytes]] = ...,
    ) -> Sent: ...
    def close(self, timeout: float | None = None) -> None: ...


class ClosableProducer(KafkaProducer):  # type: ignore[misc]  # the library ships no types
    """Ends when it is closed, whatever it still holds.

    The library's own `close` waits for what is unacknowledged, and when that is not settled in time raises instead of
    closing: the producer then goes on sending (STACK, kafka-python rule 10).
    """

    def flush(self, timeout: float | None = None) -> None:
        with suppress(KafkaTimeoutError):
            super().flush(timeout)


def connect_producer(settings: Settings, topic: str, partitions: int) -> Producer:
    """Connect a producer that knows a topic, blocking.

    Raises `Unavailable` when no broker answers, or the topic is not there or has another number of partitions.
    """
    producer = _connect(settings)
    try:
        found = len(producer.partitions_for(topic))
    except KafkaError as error:
        producer.close(timeout=0)
        raise Unavailable(f"topic {topic} is not there ({error!r}): run 'tocsin topics create'") from error
    if found != partitions:
        producer.close(timeout=0)
        raise Unavailable(f"topic {topic} has {found} partitions, not {partitions} as TOCSIN_PARTITIONS says")
    return producer


def _connect(settings: Settings) -> ClosableProducer:
    try:
        return ClosableProducer(
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            delivery_timeout_ms=DELIVERY_TIMEOUT_MILLIS,
            max_block_ms=BLOCK_MILLIS,
            bootstrap_timeout_ms=CONNECT_MILLIS,
            reconnect_backoff_max_ms=RECONNECT_MILLIS,
            max_request_size=MAX_REQUEST_BYTES,
            **client_options(settings),
        )
    except KafkaError as error:
        raise Unavailable(
            f"no Kafka at {settings.kafka} ({error!r}): is it running, and are the user name and password right?"
        ) from error


def ask_limit(settings: Settings, topic: str) -> int | None:
    """Ask how large a record a topic takes (`max.message.bytes`), blocking; None where that is not for us to know.

    Raises `Unavailable` when no broker answers.
    """
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, [LIMIT_SETTING])
    try:
        client = KafkaAdminClient(
            bootstrap_timeout_ms=CONNECT_MILLIS, request_timeout_ms=CONNECT_MILLIS, **client_options(settings)
        )
        try:
            found = client.describe_configs([resource], config_filter="all")
        finally:
            client.close()
        return int(found["topic"][topic][LIMIT_SETTING]["value"])
    except (AuthorizationError, KeyError, ValueError):
        return None
    except KafkaError as error:
        raise Unavailable(f"Kafka at {settings.kafka} does not say how large records of {topic} may be: {error!r}") from error
