"""The description of the API against what it really answers."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import httpx
import pytest

from producers.operator.commands.examples import REQUESTS
from producers.operator.permissions import COMMANDING, RULES
from tests.unit.producers.operator.client import Client, FakeDatabase, outcome_row
from tests.unit.producers.operator.rows import AT, alert_row, entry_row, incident_row, silence_row

ENDPOINTS = sorted(RULES)
JSON = "application/json"
PUBLISHED = {
    "title": "Slow", "impact": "minor", "components": ["checkout"], "published_at": 0,
    "updates": [{"at": 0, "status": "investigating", "text": "Looking"}],
}  # fmt: skip
ALERT = alert_row(suppressed_by_kind="silence", suppressed_by_id="s1", ended_at=AT, previous=1, count=3, payload=b'{"a": [1]}')


def client(*events: dict[str, Any]) -> Client:
    tables = {
        "alerts": [ALERT], "incidents": [incident_row(published=PUBLISHED)], "timeline": [entry_row(1)],
        "silences": [silence_row()], "outcomes": [outcome_row(*events)],
    }  # fmt: skip
    return Client(FakeDatabase(tables))


def ask(asking: Client, endpoint: str, token: str | None = "root") -> httpx.Response:
    """Ask as the example of the description does."""
    path = endpoint.replace("{project}", "shop").replace("{number}", "1").replace("{id}", "4").replace("{command_id}", "c")
    body = (
        None
        if endpoint not in REQUESTS
        else json.dumps(operation(described(), endpoint)["requestBody"]["content"][JSON]["example"])
    )
    method, path = path.split(" ")
    return asking.ask(method, path, token, None if body is None else body.encode())


def outcome_of(endpoint: str) -> list[dict[str, Any]]:
    """What the core says of a command to it."""
    if "{project}/alerts/" in endpoint and "{number}" not in endpoint:
        return [{"outcome": "done", "alert": 7}, {"outcome": "refused", "alert": 8, "reason": "It is resolved."}]
    kind = "silence" if "/silences" in endpoint else "incident" if "/incidents" in endpoint else "alert"
    return [{"outcome": "done", kind: "4" if kind == "silence" else 1}]


@cache
def described() -> dict[str, Any]:
    return dict(client().get("/api/openapi.json", None).json())


def operation(api: dict[str, Any], endpoint: str) -> dict[str, Any]:
    method, path = endpoint.split(" ")
    return dict(api["paths"][path][method.lower()])


def content(api: dict[str, Any], endpoint: str, status: int, media_type: str = JSON) -> dict[str, Any]:
    return dict(operation(api, endpoint)["responses"][str(status)]["content"][media_type])


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


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_real_answer_and_example_are_as_described(endpoint: str) -> None:
    api = described()
    answer = ask(client(*outcome_of(endpoint)), endpoint).raise_for_status()
    told = content(api, endpoint, answer.status_code)
    assert faults(api, told["schema"], answer.json()) == []
    assert faults(api, told["schema"], told["example"]) == []
    assert endpoint.endswith("create-incident") or answer.json().keys() == told["example"].keys()


@pytest.mark.parametrize("endpoint", sorted(COMMANDING))
def test_pending_and_refused_commands_are_answered_as_described(endpoint: str) -> None:
    api = described()
    pending = Client(client().database, patience_seconds=0)
    refused = client({"outcome": "refused", "reason": "It is resolved."})
    answers = [ask(pending, endpoint), *([] if "/alerts/{number}" not in endpoint else [ask(refused, endpoint)])]
    assert [answer.status_code for answer in answers] == [202, 409][: len(answers)]
    for answer in answers:
        told = content(api, endpoint, answer.status_code)
        assert [faults(api, told["schema"], value) for value in (answer.json(), told["example"])] == [[], []]


@pytest.mark.parametrize("endpoint", sorted(REQUESTS))
def test_requests_are_described_and_their_examples_are_good_ones(endpoint: str) -> None:
    api = described()
    told = operation(api, endpoint)["requestBody"]["content"][JSON]
    assert faults(api, told["schema"], {**told["example"], "command_id": "mine"}) == []
    assert faults(api, told["schema"], {**told["example"], "cmd": "mine"}) == [".cmd is not described"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_problems_are_described(endpoint: str) -> None:
    api = described()
    answer = ask(client(), endpoint, None)
    examples = {status: content(api, endpoint, status, "application/problem+json") for status in (401, 403, 404, 422, 503)}
    assert answer.json() == examples[401]["example"]
    assert [faults(api, one["schema"], one["example"]) for one in examples.values()] == [[]] * 5
    assert {status: one["example"]["status"] for status, one in examples.items()} == {status: status for status in examples}


def test_what_is_not_as_described_is_noticed() -> None:
    api = described()
    schema = content(api, "GET /api/v1/projects/{project}/incidents", 200)["schema"]
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
    filters = {
        "alerts": "assignee cursor from integration limit matcher project search severity sort status to",
        "alerts/{number}/timeline": "actor cursor from kind limit number project to",
        "incidents/{number}/timeline": "actor cursor from kind limit number project to",
    }
    described_filters = {
        path: described()["paths"][f"/api/v1/projects/{{project}}/{path}"]["get"]["parameters"] for path in filters
    }
    found = {path: " ".join(sorted(one["name"] for one in parameters)) for path, parameters in described_filters.items()}
    assert found == filters
