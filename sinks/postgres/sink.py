"""The sink that keeps the read model: each batch of entries and the positions after it in one transaction.

Not here: following the journal (`sinks/reader.py`), rows and statements (`rows.py`, `tables.py`), the schema (`migrations/`),
what is dropped when (`housekeeping.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import structlog
from psycopg import errors

from schemas.chain import Position
from schemas.errors import OperatorError, Unavailable
from schemas.settings import Settings
from sinks.postgres.housekeeping import Housekeeping
from sinks.postgres.rows import encode_rows, gather_rows, replace_nul
from sinks.sink import Assignment, Batch, Section, Superseded

log = structlog.get_logger()
CONNECT_SECONDS = 5
RETENTION_DAYS = Settings().retention
SESSION = """
SET application_name = 'tocsin sink-postgres'; SET timezone = 'UTC';
SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '10s'
"""
"""A process that is frozen in the middle of a transaction holds its positions for 10 s at most; who waits for them asks
again every 2 s."""
PROBLEMS_THAT_PASS = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)
"""Lost connections, shutdowns, locks, full disks; of `InternalError` the time-outs above and a server that is read-only now."""

ADD_POSITIONS = """
INSERT INTO tocsin.positions (partition, journal_offset, next_inbox, topic_id)
SELECT partition, -1, 0, %(topic_id)s FROM unnest(%(partitions)s::integer[]) AS partition ON CONFLICT DO NOTHING
"""
READ_POSITIONS = "SELECT partition, journal_offset, next_inbox, topic_id FROM tocsin.positions WHERE partition = ANY(%s)"
LOCK_POSITIONS = READ_POSITIONS + " ORDER BY partition FOR UPDATE"
MOVE_POSITION = "UPDATE tocsin.positions SET journal_offset = %s, next_inbox = %s WHERE partition = %s"
SECTIONS: frozenset[Section] = frozenset(
    ("alerts", "contents", "payloads", "incidents", "silences", "projects", "timeline", "outcomes", "notifications", "partition")
)


class ValueRefused(OperatorError):
    """PostgreSQL cannot hold a value that the journal has."""


class PostgresSink:
    """See `sinks.sink.Sink`. One connection, made when it is needed and after each failure anew."""

    sections = SECTIONS
    stores_positions = True
    takes_all_partitions = False
    linger_seconds = 0.0

    def __init__(
        self, database_url: str, clock: Callable[[], float] = time.monotonic, retention_days: int = RETENTION_DAYS
    ) -> None:
        self._database_url = database_url
        self._housekeeping = Housekeeping(clock, retention_days)
        self._connection: psycopg.Connection | None = None
        self._assignment: Assignment | None = None

    def assign(self, assignment: Assignment) -> Mapping[int, Position]:
        """Give the stored positions. Raises `OperatorError` when the rows come from another journal topic."""
        self._assignment = assignment
        partitions = list(assignment.partitions)
        with self._transaction() as connection:
            connection.execute(ADD_POSITIONS, {"topic_id": assignment.topic_id, "partitions": partitions})
            stored = connection.execute(READ_POSITIONS, [partitions]).fetchall()
        self._refuse_other_journal(stored, assignment)
        return {partition: Position(offset, next_inbox) for partition, offset, next_inbox, _ in stored}

    def deliver(self, batch: Batch) -> None:
        """Apply a batch, whole or not at all; `Superseded` when the rows are no longer where it begins."""
        written = [(table.statement(), text) for table, rows in gather_rows(batch).items() for text in encode_rows(rows)]
        self._prepare(batch)
        try:
            self._apply(batch, written)
        except ValueRefused as error:
            log.warning("rows_refused", error=str(error), again_without="NUL")
            self._apply(batch, [(statement, replace_nul(text)) for statement, text in written])

    def tend(self) -> None:
        """Keep the tables in bounds."""
        if self._housekeeping.is_due():
            with self._session() as connection:
                self._housekeeping.keep(connection)

    def close(self) -> None:
        self._housekeeping.forget_days()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _prepare(self, batch: Batch) -> None:
        days = self._housekeeping.new_days(batch)
        if days:
            with self._session() as connection:
                self._housekeeping.add_days(connection, days)

    def _apply(self, batch: Batch, written: Sequence[tuple[str, str]]) -> None:
        with self._transaction() as connection, connection.pipeline():
            self._refuse_others_work(connection.execute(LOCK_POSITIONS, [list(batch.before)]).fetchall(), batch)
            for statement, rows in written:
                connection.execute(statement, [rows])
            for partition, position in batch.after.items():
                connection.execute(MOVE_POSITION, [position.offset, position.next_inbox, partition])

    def _refuse_others_work(self, stored: list[Any], batch: Batch) -> None:
        if self._assignment is not None:
            self._refuse_other_journal(stored, self._assignment)
        found = {partition: Position(offset, next_inbox) for partition, offset, next_inbox, _ in stored}
        if found != batch.before:
            raise Superseded(f"the rows are at {found}, not at {dict(batch.before)}")

    def _refuse_other_journal(self, stored: list[Any], assignment: Assignment) -> None:
        for partition, offset, _, topic_id in stored:
            if topic_id != assignment.topic_id:
                raise OperatorError(
                    f"the rows of partition {partition} come from another journal (topic id {topic_id}, up to offset {offset}) "
                    f"than Kafka has now ({assignment.topic_id}): the topic, or all of Kafka, was made anew. "
                    "Use an empty database with it, or the Kafka that these rows came from"
                )

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection]:
        with self._session() as connection, connection.transaction():
            yield connection

    @contextmanager
    def _session(self) -> Iterator[psycopg.Connection]:
        """Give the connection; psycopg's errors end here."""
        try:
            yield self._connect()
        except PROBLEMS_THAT_PASS as error:
            self.close()
            raise Unavailable(f"PostgreSQL: {str(error).strip() or repr(error)}") from error
        except (errors.UndefinedTable, errors.UndefinedFunction) as error:
            raise OperatorError("the database lacks tocsin's tables: run `tocsin database migrate`") from error
        except psycopg.DataError as error:
            raise ValueRefused(f"PostgreSQL cannot hold what the journal says: {str(error).strip()}") from error
        except psycopg.Error as error:
            raise OperatorError(f"PostgreSQL refuses what the journal says: {str(error).strip()}") from error

    def _connect(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._database_url, connect_timeout=CONNECT_SECONDS, autocommit=True)
            self._connection.execute(SESSION)
        return self._connection


def build(settings: Settings) -> PostgresSink:
    """Build the sink from settings; raises `OperatorError` when they name no database, or no time to keep anything."""
    if not settings.database_url:
        raise OperatorError("no database: set TOCSIN_DATABASE_URL, or start the embedded one with `tocsin up`")
    if settings.retention < 1:
        raise OperatorError(f"TOCSIN_RETENTION is {settings.retention}; it takes a number of days, at least 1")
    return PostgresSink(settings.database_url, retention_days=settings.retention)
