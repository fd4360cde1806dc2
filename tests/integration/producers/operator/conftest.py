"""One operator door as a process, on real PostgreSQL and Kafka, shared by the tests of this folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from schemas.settings import Address, Settings
from sinks.postgres.migrate import migrate
from tests.integration.producers.operator.door import Asking, Database, apply
from tests.running_process import running_process
from tests.servers import wait_until, with_prefix
from tocsin.embedded import ports, topics


@pytest.fixture(scope="session")
def settings(bare_kafka: Settings, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A read model, a configuration and a local token, shared by the tests of this folder."""
    data = tmp_path_factory.mktemp("operator")
    (data / "token").write_text("local-token\n")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE operator")
    own_database = urlunsplit(urlsplit(database_url)._replace(path="/operator"))
    migrate(own_database)
    own_topics = with_prefix(bare_kafka, "operator.")
    topics.create(own_topics, 0, wait_seconds=60)
    listen = Address("127.0.0.1", ports.any_free(frozenset()))
    settings = dataclasses.replace(own_topics, database_url=own_database, data=data, operator_listen=listen)
    apply(settings, "ada: responder, bob: viewer, carl: viewer")
    return settings


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        yield connection
        connection.execute(
            "TRUNCATE tocsin.alerts, tocsin.payloads, tocsin.incidents, tocsin.timeline, tocsin.silences, tocsin.outcomes"
        )


@pytest.fixture(scope="session")
def asking(settings: Settings) -> Iterator[Asking]:
    with running_process("operator", settings, settings.data / "log"):
        client = Asking(settings)
        wait_until(client.is_ready, "the door is ready")
        yield client
        client.close()
