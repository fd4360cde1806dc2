"""Records to bytes and back."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from schemas import records, sink_records
from schemas.codec import (
    SCHEMA_FILES,
    decode,
    decode_body,
    encode,
    encode_body,
    load_published,
    load_text,
    schema_of,
    schemas_by_fingerprint,
)
from schemas.errors import MalformedRecord
from schemas.records import AlertBatch, AlertEvent, Command, Configuration, Content, Entry, Frame, Link, Refusal, Tick

EVENT = AlertEvent(3, "ab" * 8, b"i" * 16, True, "high", 1_700_000_000_000, None, b"\x00content", b'{"a": 1}')
FRAME = Frame(
    [
        Tick(5, "door"),
        AlertBatch("shop", "am", "alertmanager", "critical", "01J", 2, [EVENT], [Refusal(1, "no labels")]),
        Command("shop", "c1", "ada", "acknowledge", "alert", 7, b"{}"),
        Configuration(9, 0, 2, b"zzz"),
    ]
)


def test_frame_of_every_kind_of_item_comes_back_as_it_was() -> None:
    assert decode(encode(FRAME), Frame) == FRAME


def test_encoding_starts_with_the_marker_and_the_schema_s_fingerprint() -> None:
    assert encode(FRAME)[:10] == b"\xc3\x01" + schema_of(Frame).fingerprint


def test_fingerprint_is_the_one_of_avro_s_specification() -> None:
    """CRC-64-AVRO of the canonical form `"int"`, little-endian; source: the specification's own reference code."""
    import fastavro

    assert fastavro.schema.fingerprint('"int"', "CRC-64-AVRO") == "8f5c393f1ad57572"


def test_no_two_schemas_share_a_fingerprint() -> None:
    assert len(schemas_by_fingerprint()) == len(SCHEMA_FILES) + sum(map(len, load_published().values()))


@pytest.mark.parametrize("size", range(len(encode(FRAME))))
def test_bytes_cut_anywhere_are_malformed(size: int) -> None:
    with pytest.raises(MalformedRecord):
        decode(encode(FRAME)[:size], Frame)


def test_bytes_too_many_are_malformed() -> None:
    with pytest.raises(MalformedRecord, match="1 bytes too many"):
        decode(encode(FRAME) + b"\x00", Frame)


def test_record_of_another_schema_is_refused_by_name() -> None:
    with pytest.raises(MalformedRecord, match="holds a entry, not a Frame"):
        decode(encode(Entry("w", "1", -1, 0, 1)), Frame)


def test_unknown_schema_says_that_the_writer_may_be_newer() -> None:
    with pytest.raises(MalformedRecord, match="written by a newer tocsin"):
        decode(b"\xc3\x01" + bytes(8), Frame)


def test_content_without_header_comes_back_as_it_was() -> None:
    content = Content("Disk full ☃", hosts=["a", "b"], labels={"team": "db"}, links=[Link("runbook", "https://wiki.example")])
    assert decode_body(encode_body(content), Content) == content


def _fields(struct: type[Any]) -> tuple[str, ...]:
    return struct.__struct_fields__


def _declared(node: Any, found: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    if isinstance(node, list):
        for item in node:
            _declared(item, found)
    elif isinstance(node, dict):
        if node.get("type") == "record":
            found[node["name"]] = tuple(field["name"] for field in node["fields"])
        for value in node.values():
            _declared(value, found)
    return found


@pytest.mark.parametrize("name", SCHEMA_FILES.values())
def test_every_record_has_the_fields_of_its_schema_in_their_order(name: str) -> None:
    for record, fields in _declared(json.loads(load_text(name)), {}).items():
        assert _fields(getattr(records, record, None) or getattr(sink_records, record)) == fields


def _undocumented(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _undocumented(item)]
    if not isinstance(node, dict):
        return []
    own = [node["name"]] if "name" in node and not node.get("doc", "").endswith(".") else []
    return own + [name for value in node.values() for name in _undocumented(value)]


@pytest.mark.parametrize("name", SCHEMA_FILES.values())
def test_every_record_enum_and_field_is_documented(name: str) -> None:
    assert _undocumented(json.loads(load_text(name))) == []


@pytest.mark.parametrize("name", SCHEMA_FILES.values())
def test_official_avro_library_accepts_every_schema(name: str) -> None:
    import avro.schema

    assert avro.schema.parse(load_text(name)).fullname.startswith("io.tocsin.v1.")


def test_enums_are_the_literals_of_the_records() -> None:
    frame = json.loads(load_text("frame"))
    batch = frame["fields"][0]["type"]["items"][0]
    severity = next(field["type"] for field in batch["fields"] if field["name"] == "default_severity")
    assert tuple(severity["symbols"]) == records.SEVERITIES
    assert msgspec.convert("critical", records.Severity) == "critical"
