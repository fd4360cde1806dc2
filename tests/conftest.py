"""Fixtures for all tests. Servers start when first asked for, once for the whole run; nothing starts for the unit tests."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from hypothesis import settings as properties

from schemas.first_use import use_each_type_once
from schemas.settings import Settings
from tests.servers import running_kafka, running_postgres, with_prefix
from tocsin.embedded import topics

properties.register_profile("quick", max_examples=20, deadline=None)
properties.register_profile("thorough", max_examples=1000, deadline=None)
properties.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
WALL_CLOCK_MILLIS = 1_800_000_000_000
_numbers = itertools.count(1)


gc.disable()
"""While tests are imported, which makes little garbage: the collector took a sixth of that time."""


def pytest_collection_finish() -> None:
    """Keep what was imported out of the collector's rounds: going through it again and again took 5 % of the unit tests."""
    use_each_type_once()  # some tests have threads
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def bare_kafka() -> Iterator[Settings]:
    """A running broker without topics."""
    with running_kafka() as settings:
        yield settings


@pytest.fixture(scope="session")
def kafka(bare_kafka: Settings) -> Settings:
    """A running broker with tocsin's topics, shared by the whole run: read and write, but expect others' records."""
    topics.create(bare_kafka, WALL_CLOCK_MILLIS, wait_seconds=60)
    return bare_kafka


@pytest.fixture
def own_topics(bare_kafka: Settings) -> Settings:
    """The shared broker, with topics and groups that only this test uses: a prefix of their own."""
    settings = with_prefix(bare_kafka, f"test{next(_numbers)}.")
    topics.create(settings, WALL_CLOCK_MILLIS, wait_seconds=60)
    return settings


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A running PostgreSQL, shared by the whole run: the URL of its first database."""
    with running_postgres() as url:
        yield url


@pytest.fixture
def own_database(database_url: str) -> str:
    """The URL of an empty database on the shared PostgreSQL, which only this test uses."""
    name = f"test{next(_numbers)}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
