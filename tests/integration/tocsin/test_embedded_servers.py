"""Kafka and PostgreSQL of one machine, as other processes meet them."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from kafka import KafkaProducer

from schemas.codec import SCHEMA_FILES, decode, schema_of
from schemas.errors import OperatorError, Unavailable
from schemas.kafka import client_options
from schemas.records import Frame, Tick
from schemas.settings import Settings
from schemas.topics import INBOX, SCHEMAS
from tests.conftest import WALL_CLOCK_MILLIS
from tests.servers import docker_answers
from tocsin.cluster import admin_client, end_offsets, partitions_of
from tocsin.embedded import topics
from tocsin.tail import read_partition


def test_each_inbox_partition_opens_with_one_tick(own_topics: Settings) -> None:
    name = INBOX.full_name(own_topics.topic_prefix)
    topics.create(own_topics, WALL_CLOCK_MILLIS + 1)
    with admin_client(own_topics) as client:
        assert set(end_offsets(client, {name: own_topics.partitions}).values()) == {1}
    first = next(iter(read_partition(own_topics, name, partition=3, start=0, end=1)))
    assert decode(first.value, Frame) == Frame([Tick(at=WALL_CLOCK_MILLIS, source="opening")])


def test_the_inbox_carries_the_brokers_time(own_topics: Settings) -> None:
    producer = KafkaProducer(**client_options(own_topics))
    sent = producer.send(INBOX.full_name(own_topics.topic_prefix), b"x", partition=0, timestamp_ms=1).get(10)
    producer.close()
    assert sent.timestamp > WALL_CLOCK_MILLIS - 100_000_000_000


def test_schemas_are_published_once_under_their_fingerprints(own_topics: Settings) -> None:
    topics.create(own_topics, WALL_CLOCK_MILLIS)
    records = read_partition(own_topics, SCHEMAS.full_name(own_topics.topic_prefix), 0, 0, len(SCHEMA_FILES))
    published = [(record.key, record.value) for record in records]
    assert sorted(published) == sorted(
        (schema_of(kind).fingerprint.hex().encode(), schema_of(kind).text.encode()) for kind in SCHEMA_FILES
    )


def test_another_partition_count_is_refused_and_nothing_changes(own_topics: Settings) -> None:
    name = INBOX.full_name(own_topics.topic_prefix)
    with pytest.raises(OperatorError, match=r"partitions is 4, declared is 5: .* set TOCSIN_PARTITIONS=4 for"):
        topics.create(dataclasses.replace(own_topics, partitions=5), WALL_CLOCK_MILLIS)
    with admin_client(own_topics) as client:
        assert partitions_of(client, [name]) == {name: 4}


def test_a_wrong_password_is_named_as_a_possible_cause(kafka: Settings) -> None:
    wrong = dataclasses.replace(
        kafka, kafka_security_protocol="SASL_PLAINTEXT", kafka_sasl_username="tocsin", kafka_sasl_password="wrong"
    )
    with pytest.raises(Unavailable, match="does not answer, or refuses the password of 'tocsin'"), admin_client(wrong, 2):
        pass


def test_the_password_is_in_private_files_and_in_no_argument_list(kafka: Settings) -> None:
    if docker_answers():  # a container has no such files
        return
    password = kafka.kafka_sasl_password.encode()
    holders = [path for path in (kafka.data / "kafka").iterdir() if path.is_file() and password in path.read_bytes()]
    assert {path.name for path in holders} == {"password", "server.properties"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in holders} == {0o600}
    assert not [line for line in map(_command_line, Path("/proc").glob("[0-9]*")) if password in line]


def test_the_database_knows_letters_beyond_ascii_and_syncs_to_disk(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT upper('ähre'), current_setting('fsync')").fetchone() == ("ÄHRE", "on")


def test_the_database_is_reached_by_its_private_directory_alone(database_url: str) -> None:
    if docker_answers():  # a container listens on TCP
        return
    directory = Path(parse_qs(urlsplit(database_url).query)["host"][0])
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_an_own_database_is_empty(own_database: str) -> None:
    with psycopg.connect(own_database) as connection:
        assert connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == []


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""  # it has ended meanwhile
