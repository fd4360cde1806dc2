"""Schemas change only so that old and new read each other."""

from __future__ import annotations

import json
from typing import Any

import fastavro
import pytest

from schemas import codec, compatibility
from schemas.codec import decode, load_text, schema_of
from schemas.records import PartitionState

NAME = "partition_state"
STATE = {
    "now": 5,
    "door_tick_at": None,
    "put_off_millis": 0,
    "configuration_version": 3,
    "configuration": None,
    "pending_version": -1,
}


def without(field: str) -> str:
    schema: Any = json.loads(load_text(NAME))
    schema["fields"] = [entry for entry in schema["fields"] if entry["name"] != field]
    return json.dumps(schema)


def test_all_schemas_agree_with_what_was_published_of_them() -> None:
    assert compatibility.all_problems() == []


def test_a_new_field_without_a_default_is_noticed() -> None:
    [problem] = compatibility.problems(load_text(NAME), [without("now")], NAME)
    assert "partition_state: the current schema does not read its published form 1" in problem


def test_a_new_field_with_a_default_is_fine() -> None:
    assert compatibility.problems(load_text(NAME), [without("configuration")], NAME) == []


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Any:
    old = without("configuration")
    monkeypatch.setattr(
        codec, "load_published", lambda: {name: [old] if name == NAME else [] for name in codec.SCHEMA_FILES.values()}
    )
    codec.schemas_by_fingerprint.cache_clear()
    yield old
    codec.schemas_by_fingerprint.cache_clear()


def test_a_record_written_with_a_published_schema_is_read_into_the_current_one(published: str) -> None:
    import io

    old = codec._parse(published, PartitionState)
    out = io.BytesIO()
    fastavro.schemaless_writer(out, old.parsed, {**STATE, "pending_parts": [], "sources": [], "ticked_at": 0})
    value = codec.MARKER + old.fingerprint + out.getvalue()
    assert old.fingerprint != schema_of(PartitionState).fingerprint
    assert decode(value, PartitionState) == PartitionState(5, 0, None, 0, 3, None, -1, [], [])
