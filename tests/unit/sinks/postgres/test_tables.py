from __future__ import annotations

from sinks.postgres.tables import ALERTS, PAYLOADS, TABLES, Column, Table, columns


def test_a_statement_takes_fields_of_a_record_as_columns_of_other_names_and_types() -> None:
    table = Table(
        "things",
        (
            *columns("bigint", "number"),
            Column("inbox_offset", "bigint", "offset"),
            *columns("time", "at"),
            *columns("bytes", "hash"),
            Column("by_kind", "text", "by", "kind"),
            Column("by_id", "text", "by", "id"),
        ),
    )
    assert table.statement() == (
        "INSERT INTO tocsin.things AS t (number, inbox_offset, at, hash, by_kind, by_id) "
        'SELECT s."number", s."offset", tocsin.at(s."at"), decode(s."hash", \'base64\'), s."by" ->> \'kind\', s."by" ->> \'id\' '
        'FROM json_to_recordset(%s::json) AS s ("number" bigint, "offset" bigint, "at" bigint, "hash" text, "by" jsonb)'
    )


def test_only_a_newer_version_replaces_a_row() -> None:
    assert ALERTS.statement().endswith(" WHERE excluded.version > t.version")
    assert PAYLOADS.statement().endswith(" ON CONFLICT (project, number) DO UPDATE SET payload = excluded.payload")


def test_no_two_tables_share_a_statement() -> None:
    assert len({table.statement() for table in TABLES}) == len(TABLES)
