"""Records to bytes and back: Avro single-object encoding (`C3 01`, 8-byte fingerprint, body).

The source is the Avro specification, "Single object encoding". A schema registry's framing will be a second
protocol here. Not here: what the records mean (`records.py`, `avro/*.avsc`).
"""

from __future__ import annotations

import io
import json
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import fastavro
import msgspec

from schemas import records, sink_records
from schemas.errors import MalformedRecord

MARKER = b"\xc3\x01"
HEADER_BYTES = 10
NAMESPACE = "io.tocsin.v1"
R = TypeVar("R", bound=records.Record)

SCHEMA_FILES: dict[type[records.Record], str] = {
    records.Frame: "frame",
    records.Content: "content",
    records.Entry: "entry",
    records.AlertSection: "alert_section",
    records.ContentSection: "content_section",
    records.PayloadSection: "payload_section",
    records.IncidentSection: "incident_section",
    records.SilenceSection: "silence_section",
    records.ProjectSection: "project_section",
    records.TimelineSection: "timeline_section",
    records.OutcomeSection: "outcome_section",
    records.NotificationSection: "notification_section",
    records.ForgettingSection: "forgetting_section",
    records.CommandSection: "command_section",
    records.PartitionState: "partition_state",
    sink_records.SlackThread: "slack_thread",
    sink_records.PublishedIncident: "published_incident",
    sink_records.DeadLetter: "dead_letter",
    sink_records.SlackDigest: "slack_digest",
    sink_records.ReceiverTrouble: "receiver_trouble",
}
FRAME_ITEMS: dict[str, type[records.FrameItem]] = {
    f"{NAMESPACE}.{kind.__name__}": kind for kind in (records.AlertBatch, records.Command, records.Tick, records.Configuration)
}


class Schema(msgspec.Struct, frozen=True):
    """One published schema: its text for people and registries, and what fastavro needs."""

    name: str
    text: str
    fingerprint: bytes
    parsed: Any
    record: type[records.Record]


def load_text(name: str) -> str:
    """Read `avro/<name>.avsc`."""
    return files("schemas").joinpath("avro", f"{name}.avsc").read_text("utf-8")


@cache
def schema_of(record: type[records.Record]) -> Schema:
    """Parse the schema of a record type, once."""
    return _parse(load_text(SCHEMA_FILES[record]), record)


def _parse(text: str, record: type[records.Record]) -> Schema:
    definition = json.loads(text)
    canonical = fastavro.schema.to_parsing_canonical_form(definition)
    little_endian = bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))
    parsed = fastavro.parse_schema(_without_logical_types(definition))
    return Schema(SCHEMA_FILES[record], text, little_endian, parsed, record)


def load_published() -> dict[str, list[str]]:
    """Read the earlier forms of each schema, `avro/published/<name>.<anything>.avsc`: kept for ever, so that old records read."""
    found: dict[str, list[str]] = {name: [] for name in SCHEMA_FILES.values()}
    folder = files("schemas").joinpath("avro", "published")
    for file in sorted(folder.iterdir(), key=lambda file: file.name) if folder.is_dir() else ():
        name = file.name.split(".")[0]
        if file.name.endswith(".avsc"):
            found[name].append(file.read_text("utf-8"))
    return found


@cache
def schemas_by_fingerprint() -> dict[bytes, Schema]:
    """Give every schema that records may have been written with, the current ones and those published before."""
    published = load_published()
    old = (_parse(text, record) for record, name in SCHEMA_FILES.items() for text in published[name])
    current = map(schema_of, SCHEMA_FILES)
    return {schema.fingerprint: schema for schema in (*old, *current)}


def encode(record: records.Record) -> bytes:
    """Write a record with its schema header; bit for bit the same for equal records."""
    schema = schema_of(type(record))
    out = io.BytesIO()
    out.write(MARKER)
    out.write(schema.fingerprint)
    fastavro.schemaless_writer(out, schema.parsed, _plain(record))
    return out.getvalue()


def decode(data: bytes, record: type[R]) -> R:
    """Read a record of the type expected.

    Raises `MalformedRecord` (the writer's fault) when the bytes are no such record, or were written with a
    schema that this version does not know.
    """
    if data[:2] != MARKER:
        raise MalformedRecord(f"not an Avro single-object: starts with {data[:2].hex() or 'nothing'}, not c301")
    schema = schemas_by_fingerprint().get(data[2:HEADER_BYTES])
    if schema is None:
        raise MalformedRecord(f"unknown schema {data[2:HEADER_BYTES].hex()}: was it written by a newer tocsin?")
    if schema.record is not record:
        raise MalformedRecord(f"holds a {schema.name}, not a {record.__name__}")
    return _read(data[HEADER_BYTES:], record, schema)


def encode_body(record: records.Record) -> bytes:
    """Write a record without a header, for a `bytes` field whose schema is fixed (an alert's content)."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema_of(type(record)).parsed, _plain(record))
    return out.getvalue()


def decode_body(data: bytes, record: type[R]) -> R:
    """Read what `encode_body` wrote; raises `MalformedRecord`."""
    return _read(data, record, schema_of(record))


def _read(body: bytes, record: type[R], written_with: Schema) -> R:
    source, current = io.BytesIO(body), schema_of(record)
    reader = None if written_with.fingerprint == current.fingerprint else current.parsed
    try:
        if record is records.Frame:
            frame: Any = fastavro.schemaless_reader(
                source, written_with.parsed, reader, return_record_name=True, return_record_name_override=True
            )
            items = [msgspec.convert(item, FRAME_ITEMS[name], builtin_types=(bytes,)) for name, item in frame["items"]]
            result: Any = records.Frame(items)
        else:
            value = fastavro.schemaless_reader(source, written_with.parsed, reader)
            result = msgspec.convert(value, record, builtin_types=(bytes,))
    except Exception as error:  # fastavro raises whatever its Cython meets: IndexError, EOFError, UnicodeDecodeError …
        raise MalformedRecord(f"bytes are no {record.__name__}: {error}") from error
    if source.tell() != len(body):
        raise MalformedRecord(f"{len(body) - source.tell()} bytes too many after a {record.__name__}")
    return result  # type: ignore[no-any-return]


def _plain(record: records.Record) -> Any:
    if isinstance(record, records.Frame):
        return {"items": [(f"{NAMESPACE}.{type(item).__name__}", _builtins(item)) for item in record.items]}
    return _builtins(record)


def _builtins(record: Any) -> Any:
    return msgspec.to_builtins(record, builtin_types=(bytes,))


def _without_logical_types(node: Any) -> Any:
    """Drop logicalType: our records hold times as milliseconds, and a datetime for each costs more than the rest."""
    if isinstance(node, dict):
        return {key: _without_logical_types(value) for key, value in node.items() if key != "logicalType"}
    return [_without_logical_types(item) for item in node] if isinstance(node, list) else node
