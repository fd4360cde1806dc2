from __future__ import annotations

import pytest

from schemas.errors import OperatorError
from schemas.settings import Settings
from sinks.postgres.sink import build
from sinks.process import find_sink


def test_a_sink_is_found_by_its_entry_point() -> None:
    assert find_sink("postgres") is build


def test_an_unknown_sink_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(OperatorError, match=r"there is no sink 'postgers'; there are: .*postgres"):
        find_sink("postgers")


def test_postgres_without_a_database_says_what_to_set() -> None:
    with pytest.raises(OperatorError, match="TOCSIN_DATABASE_URL"):
        build(Settings())
