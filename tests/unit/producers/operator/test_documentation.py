"""The description of the API against what it really answers."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from producers.operator.permissions import RULES
from tests.unit.producers.operator.rows import AT, alert_row, incident_row
from tests.unit.producers.operator.test_api import Client, FakeDatabase

PATHS = [rule.removeprefix("GET ") for rule in sorted(RULES)]
PUBLISHED = {
    "title": "Slow", "impact": "minor", "components": ["checkout"], "published_at": 0,
    "updates": [{"at": 0, "status": "investigating", "text": "Looking"}],
}  # fmt: skip
ENTRY = {"at": AT, "actor": "ada", "kind": "comment", "text": "Hm", "details": {"a": "b"}, "number": 1, "sort_key": "x"}
ALERT = alert_row(suppressed_by_kind="silence", suppressed_by_id="s1", ended_at=AT, previous=1, count=3, payload=b'{"a": [1]}')


def client() -> Client:
    return Client(FakeDatabase({"alerts": [ALERT], "incidents": [incident_row(published=PUBLISHED)], "timeline": [ENTRY]}))


@cache
def described() -> dict[str, Any]:
    return dict(client().get("/api/openapi.json", None).json())


def content(api: dict[str, Any], path: str, status: int, media_type: str = "application/json") -> dict[str, Any]:
    return dict(api["paths"][path]["get"]["responses"][str(status)]["content"][media_type])


def faults(api: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "") -> list[str]:
    """Say where a value is not as the schema says: as much of JSON Schema as ours use, and no property beyond it."""
    if "$ref" in schema:
        return faults(api, api["components"]["schemas"][schema["$ref"].rpartition("/")[2]], value, at)
    if "anyOf" in schema:
        tried = [faults(api, one, value, at) for one in schema["anyOf"]]
        return [] if [] in tried else tried[0]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
    if "type" in schema and type(value) is not kinds[schema["type"]]:
        return [f"{at}: {value!r} is no {schema['type']}"]
    if isinstance(value, list) and "items" in schema:
        return [fault for item in value for fault in faults(api, schema["items"], item, f"{at}[]")]
    if not isinstance(value, dict) or "type" not in schema:
        return []
    known, rest = schema.get("properties", {}), schema.get("additionalProperties")
    missing = [f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value]
    unknown = [f"{at}.{name} is not described" for name in value if name not in known and not rest]
    found = [fault for name, one in value.items() for fault in faults(api, known.get(name, rest or {}), one, f"{at}.{name}")]
    return missing + unknown + found


@pytest.mark.parametrize("path", PATHS)
def test_real_answer_and_example_are_as_described(path: str) -> None:
    api = described()
    told = content(api, path, 200)
    answer = client().get(path.replace("{project}", "shop").replace("{number}", "1")).raise_for_status().json()
    assert faults(api, told["schema"], answer) == []
    assert faults(api, told["schema"], told["example"]) == []
    assert answer.keys() == told["example"].keys()


@pytest.mark.parametrize("path", PATHS)
def test_problems_are_described(path: str) -> None:
    api = described()
    answer = client().get(path.replace("{project}", "shop").replace("{number}", "1"), None)
    examples = {status: content(api, path, status, "application/problem+json") for status in (401, 403, 404, 422, 503)}
    assert answer.json() == examples[401]["example"]
    assert [faults(api, one["schema"], one["example"]) for one in examples.values()] == [[]] * 5
    assert {status: one["example"]["status"] for status, one in examples.items()} == {status: status for status in examples}


def test_what_is_not_as_described_is_noticed() -> None:
    api = described()
    schema = content(api, "/api/v1/projects/{project}/incidents", 200)["schema"]
    item = client().get("/api/v1/projects/shop/incidents/1").json()
    changed = {**item, "alerts": {"firing": "1", "total": 2}, "labels": {}, "group": {"a": 1}}
    del changed["number"]
    assert sorted(faults(api, schema, {"items": [changed], "next": None})) == [
        ".items[].alerts.firing: '1' is no integer",
        ".items[].group.a: 1 is no string",
        ".items[].labels is not described",
        ".items[].number is missing",
    ]


def test_filters_are_described_with_words() -> None:
    parameters = described()["paths"]["/api/v1/projects/{project}/alerts"]["get"]["parameters"]
    names = [parameter["name"] for parameter in parameters]
    assert sorted(names) == sorted(
        ["project", "cursor", "limit", "status", "severity", "integration", "assignee", "matcher", "search", "from", "to", "sort"]
    )
