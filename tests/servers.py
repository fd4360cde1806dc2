"""Real Kafka and PostgreSQL for tests: in containers where a Docker engine answers, else as native processes.

Not here: `tocsin up` as a whole (`running.py`).
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType

from schemas.settings import Settings
from schemas.topics import Topic
from tocsin.cluster import admin_client
from tocsin.embedded import kafka, launch, postgres

READY_SECONDS = 90


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Give a directory that PostgreSQL's own user can pass through, unlike pytest's; removed at the end."""
    directory = Path(tempfile.mkdtemp(prefix="tocsin-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def running_kafka() -> Iterator[Settings]:
    """Run a broker of our own, without topics; give the settings to reach it."""
    with scratch_directory() as data:
        if docker_answers():
            with _kafka_container() as servers:
                yield Settings(kafka=servers, data=data)
            return
        broker = kafka.prepare(data, default_port=0)
        process = launch.start(broker.child, data / "kafka.log")
        try:
            wait_until(broker.is_ready, "Kafka accepts connections", READY_SECONDS)
            yield broker.client_settings(Settings(data=data))
        finally:
            launch.stop(process, broker.child, 10)


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a database server of our own; give the URL of an empty database."""
    if docker_answers():
        with _postgres_container() as url:
            yield url
        return
    with scratch_directory() as data:
        database = postgres.prepare(data)
        process = launch.start(database.child, data / "postgres.log")
        try:
            wait_until(database.is_ready, "PostgreSQL accepts connections", READY_SECONDS)
            yield database.url
        finally:
            launch.stop(process, database.child, 10)


def with_prefix(settings: Settings, prefix: str) -> Settings:
    """Give settings whose topics and groups are nobody else's."""
    return dataclasses.replace(settings, topic_prefix=prefix)


def change_topic(settings: Settings, topic: Topic, **changes: str) -> None:
    """Set settings of a topic, written with `_` for their dots, as an administrator does."""
    name, changes = topic.full_name(settings.topic_prefix), {key.replace("_", "."): value for key, value in changes.items()}
    with admin_client(settings) as client:
        answers = client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, changes)])
    assert answers == {"topic": {name: "OK"}}


def wait_until(is_true: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for a condition; fails with its description at the deadline."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"after {seconds:g} s it is still not so that {what}"
        time.sleep(0.05)


def docker_answers() -> bool:
    """Say whether a Docker engine is there and answers."""
    if not (Path("/var/run/docker.sock").exists() or shutil.which("docker")):
        return False
    import docker

    try:
        docker.from_env(timeout=3).ping()
    except docker.errors.DockerException:
        return False
    return True


@contextmanager
def _kafka_container() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # testcontainers warns about itself
        from testcontainers.community.kafka import KafkaContainer

        container: Any = KafkaContainer("confluentinc/cp-kafka:7.6.0").with_kraft()
        with container:
            yield container.get_bootstrap_server()


@contextmanager
def _postgres_container() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from testcontainers.community.postgres import PostgresContainer

        with PostgresContainer("postgres:15", driver=None) as container:
            yield container.get_connection_url()
