"""Brings the schema `tocsin` up to date from the numbered files in `migrations/`.

Not here: what the tables hold (the files say it), and who calls this (`tocsin database migrate`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

import psycopg
import structlog

from schemas.errors import OperatorError, Unavailable
from sinks.postgres.read_access import grant_reading

log = structlog.get_logger()
LOCK = 0x746F6373696E
"""Of the advisory lock that keeps two migrations apart: the letters of `tocsin`."""
CONNECT_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file, `0001_read_model.sql`."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_migrations() -> list[Migration]:
    """Read the files, in their order."""
    found = sorted(
        (entry for entry in files("sinks.postgres").joinpath("migrations").iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    return [Migration(int(entry.name[:4]), entry.name, entry.read_text("utf-8")) for entry in found]


def migrate(database_url: str) -> None:
    """Apply what is missing, in one transaction; safe to repeat, and by several at once.

    Raises `OperatorError` when a migration that was applied has another text now or is unknown here (a newer tocsin
    was at work), or when the database refuses one; `Unavailable` when it does not answer.
    """
    try:
        with psycopg.connect(database_url, connect_timeout=CONNECT_TIMEOUT_SECONDS) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            _apply_missing(connection, load_migrations())
            missing = grant_reading(connection)
    except psycopg.OperationalError as error:
        raise Unavailable(f"PostgreSQL does not answer: {error}") from error
    except psycopg.Error as error:
        raise OperatorError(f"PostgreSQL refuses the migration: {error}") from error
    if missing:
        log.warning("read_role_missing", run_as_superuser=missing, then="tocsin database migrate")


def _apply_missing(connection: psycopg.Connection, migrations: list[Migration]) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS tocsin")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS tocsin.migrations (number integer PRIMARY KEY, name text NOT NULL, "
        "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    applied: dict[int, str] = dict(connection.execute("SELECT number, checksum FROM tocsin.migrations").fetchall())
    refuse_other_history(applied, migrations)
    for migration in migrations:
        if migration.number not in applied:
            connection.execute(migration.text.encode())
            connection.execute(
                "INSERT INTO tocsin.migrations (number, name, checksum) VALUES (%s, %s, %s)",
                [migration.number, migration.name, migration.checksum],
            )


def refuse_other_history(applied: dict[int, str], migrations: list[Migration]) -> None:
    known = {migration.number: migration for migration in migrations}
    for number, checksum in applied.items():
        if number not in known:
            raise OperatorError(f"the database has migration {number}, which this version of tocsin does not know: it is newer")
        if known[number].checksum != checksum:
            raise OperatorError(f"migration {known[number].name} was applied with another text than it has now")
