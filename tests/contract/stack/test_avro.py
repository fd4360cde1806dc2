"""Our schemas in the eyes of Avro's own library: other languages must find them under the fingerprint that we write."""

from __future__ import annotations

import io

import avro.io
import avro.schema
import pytest

from schemas import records
from schemas.codec import HEADER_BYTES, MARKER, NAMESPACE, SCHEMA_FILES, encode, schema_of
from schemas.records import Frame, Tick


@pytest.mark.parametrize("record", [kind for kind in SCHEMA_FILES if "logicalType" not in schema_of(kind).text])
def test_the_fingerprint_is_the_one_of_avros_own_library(record: type[records.Record]) -> None:
    schema = schema_of(record)
    assert schema.fingerprint == avro.schema.parse(schema.text).fingerprint("CRC-64-AVRO")


@pytest.mark.parametrize("record", list(SCHEMA_FILES))
def test_avros_own_library_reads_every_schema(record: type[records.Record]) -> None:
    assert avro.schema.parse(schema_of(record).text).fullname == f"{NAMESPACE}.{record.__name__}"


def test_avros_own_library_reads_what_we_write() -> None:
    data = encode(Frame([Tick(1_800_000_000_123, "door")]))
    schema = avro.schema.parse(schema_of(Frame).text)
    read = avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(io.BytesIO(data[HEADER_BYTES:])))
    assert data[:2] == MARKER
    assert [(item["at"].timestamp(), item["source"]) for item in read["items"]] == [(1_800_000_000.123, "door")]
