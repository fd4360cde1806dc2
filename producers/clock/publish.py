"""The topic `config`: publish a configuration file as a whole, or not at all, and read what is in force.

Not here: checking a file (`schemas/configuration_file.py`), telling the partitions (`distribution.py`).
"""

from __future__ import annotations

import time
from pathlib import Path

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from producers.connect import CONNECT_MILLIS, connect_producer
from producers.follow_configuration import KEY, CurrentConfiguration
from schemas.configuration import Configuration, pack
from schemas.configuration_file import check_file
from schemas.errors import ConfigurationError, Unavailable
from schemas.kafka import client_options
from schemas.refusals import LIMIT_SETTING, is_too_large
from schemas.settings import Settings
from schemas.topics import CONFIG

log = structlog.get_logger()
MAX_BYTES = 900 * 1024
"""Compressed (DESIGN section 2): far below a message's limit, and some 50,000 projects."""
PATIENCE_SECONDS = 15.0
POLL_MILLIS = 200


def apply_configuration(settings: Settings, path: Path) -> int:
    """Check a file and put it into force; give its version, the offset in the topic.

    What is in force already is not written again: its version is given. Raises `ConfigurationError` (the operator's)
    for a file with problems, or over 900 KiB packed, or over what the topic takes; `Unavailable` when the broker did not
    acknowledge: the file may then be in force all the same, and applying it again does no harm.
    """
    checked = check_file(path, settings)
    configuration = checked.configuration
    for warning in checked.warnings:
        log.warning("configuration_odd", problem=warning)
    packed = pack(configuration)
    if len(packed) > MAX_BYTES:
        sizes = f"{len(packed) // 1024} KiB when compressed, and {MAX_BYTES // 1024} KiB are the limit"
        raise ConfigurationError([f"{path}: {sizes}: drop what is not used"])
    current = read_configuration(settings)
    if current is not None and current[1] == configuration:
        log.info("configuration_unchanged", file=str(path), version=current[0])
        return current[0]
    version = _publish(settings, packed)
    log.info("configuration_applied", file=str(path), version=version, projects=len(configuration.projects))
    return version


def read_configuration(settings: Settings) -> tuple[int, Configuration] | None:
    """Read the configuration in force and its version; None when none was ever applied. Raises `Unavailable`."""
    held = CurrentConfiguration()
    try:
        _read_to_end(settings, held)
    except (KafkaError, OSError) as error:
        raise Unavailable(f"the configuration cannot be read from Kafka at {settings.kafka}: {error}") from error
    return held.current if held.current[0] >= 0 else None


def _publish(settings: Settings, packed: bytes) -> int:
    topic = CONFIG.full_name(settings.topic_prefix)
    producer = connect_producer(settings, topic, partitions=1)
    try:
        return producer.send(topic, key=KEY, value=packed, partition=0).get(timeout=PATIENCE_SECONDS).offset
    except KafkaError as error:
        if is_too_large(error):
            sizes = f"{len(packed):,} bytes when compressed, and {LIMIT_SETTING} of {topic} is lower"
            raise ConfigurationError([f"{sizes}: raise it, or drop what is not used"]) from error
        raise Unavailable(f"Kafka at {settings.kafka} did not acknowledge the configuration: {error}") from error
    finally:
        producer.close(timeout=0)


def _read_to_end(settings: Settings, held: CurrentConfiguration) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    consumer = KafkaConsumer(
        group_id=None, enable_auto_commit=False, bootstrap_timeout_ms=CONNECT_MILLIS, **client_options(settings)
    )
    try:
        partition = TopicPartition(CONFIG.full_name(settings.topic_prefix), 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        end = consumer.end_offsets([partition])[partition]
        # By position, not by the last record: that one may have been compacted away.
        while consumer.position(partition) < end:
            if time.monotonic() > deadline:
                raise Unavailable(f"the configuration could not be read from Kafka within {PATIENCE_SECONDS:.0f} s")
            for record in consumer.poll(timeout_ms=POLL_MILLIS).get(partition, []):
                held.apply(record)
    finally:
        consumer.close()
