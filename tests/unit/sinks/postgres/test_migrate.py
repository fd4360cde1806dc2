from __future__ import annotations

import pytest

from schemas.errors import OperatorError
from sinks.postgres.migrate import Migration, load_migrations, refuse_other_history


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [one.number for one in load_migrations()] == list(range(1, len(load_migrations()) + 1))


def test_a_database_that_a_newer_version_has_changed_is_refused() -> None:
    with pytest.raises(OperatorError, match="migration 2, which this version of tocsin does not know"):
        refuse_other_history({1: Migration(1, "a", "x").checksum, 2: "…"}, [Migration(1, "a", "x")])


def test_a_migration_that_was_changed_after_it_was_applied_is_refused() -> None:
    with pytest.raises(OperatorError, match="was applied with another text"):
        refuse_other_history({1: Migration(1, "0001_a.sql", "x").checksum}, [Migration(1, "0001_a.sql", "y")])
