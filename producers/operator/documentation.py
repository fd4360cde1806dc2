"""What `/api/openapi.json` says of each endpoint: its request's and answers' schemas, made from the records, with examples.

Not here: the examples (`examples.py`, `commands/examples.py`), parameters, which FastAPI reads from the handlers.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI

from producers.operator import examples
from producers.operator.commands import examples as of_commands
from producers.operator.permissions import COMMANDING, PROJECT
from producers.operator.problems import (
    MEDIA_TYPE,
    Forbidden,
    Malformed,
    NotDurable,
    NotFound,
    NotNow,
    Problem,
    TooLarge,
    Unauthorized,
)
from schemas.commands import Arguments

_REFERENCE = "#/components/schemas/{name}"
_LISTS: dict[str, msgspec.Struct] = {
    "GET /api/v1/projects": examples.PROJECT,
    f"GET {PROJECT}/alerts": examples.ALERT_IN_LIST,
    f"GET {PROJECT}/alerts/{{number}}/timeline": examples.ALERT_TIMELINE_ENTRY,
    f"GET {PROJECT}/incidents": examples.INCIDENT,
    f"GET {PROJECT}/incidents/{{number}}/timeline": examples.TIMELINE_ENTRY,
    f"GET {PROJECT}/silences": examples.SILENCE,
}
_SINGLE: dict[str, msgspec.Struct] = {
    f"GET {PROJECT}/alerts/counts": examples.ALERT_COUNTS,
    f"GET {PROJECT}/alerts/{{number}}": examples.ALERT,
    f"GET {PROJECT}/incidents/{{number}}": examples.INCIDENT,
    f"GET {PROJECT}/silences/{{id}}": examples.SILENCE,
    f"POST {PROJECT}/silences/preview": examples.MUTED_COUNT,
}
_COMMAND = f"GET {PROJECT}/commands/{{command_id}}"
_NEXT = {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "For `?cursor=`; null: nothing follows."}
_MATCHED = (f"GET {PROJECT}/alerts", f"GET {PROJECT}/incidents")
_WARNINGS = {
    "type": "array",
    "items": {"type": "string"},
    "description": "Matchers that can match nothing, or exclude nothing; absent: none.",
}
_COMMAND_ID = {
    "type": "string",
    "minLength": 1,
    "maxLength": 200,
    "description": "Makes it the same command when it is sent again within 24 h; else the header `Idempotency-Key` does.",
}
_PROBLEMS: tuple[Problem, ...] = (
    Unauthorized(),
    Forbidden("the role viewer in the project"),
    NotFound(),
    Malformed("sort: Input should be 'number'"),
    NotNow(),
)
_COMMAND_PROBLEMS: tuple[Problem, ...] = (
    Unauthorized(),
    Forbidden("the role responder in the project"),
    NotFound(),
    TooLarge("A command has at most 512 KiB."),
    Malformed("Expected `str`, got `int` - at `$.text`"),
    NotDurable("01KAVA8XQ0ENJ6T8QW2D1M4C5R"),
)
PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "type": "object",
    "properties": {name: {"type": "integer" if name == "status" else "string"} for name in ("type", "title", "status", "detail")},
    "required": ["type", "title", "status", "detail"],
}


class DescribedApi(FastAPI):
    """FastAPI, with our records' schemas and the bearer token in its description."""

    def openapi(self) -> dict[str, Any]:
        described = super().openapi()
        for path, methods in described["paths"].items():
            for method, operation in methods.items():
                endpoint = f"{method.upper()} {path}"
                operation["responses"] = answers_of(endpoint)  # not by FastAPI, which takes the nulls out of examples
                if endpoint in of_commands.REQUESTS:
                    operation["requestBody"] = _request_of(of_commands.REQUESTS[endpoint])
        shown = (*_LISTS.values(), *_SINGLE.values(), *of_commands.COMMAND_ANSWERS)
        _, schemas = msgspec.json.schema_components([type(example) for example in shown], ref_template=_REFERENCE)
        components = described.setdefault("components", {})
        components["schemas"] = {**components.get("schemas", {}), **schemas, **_request_schemas(), "Problem": PROBLEM_SCHEMA}
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
        return described


def answers_of(endpoint: str) -> dict[str, Any]:
    """Describe an endpoint's answers; raises `KeyError` for one that has no example."""
    if endpoint in COMMANDING or endpoint == _COMMAND:
        return _command_answers(endpoint)
    found = _list_answer(endpoint, _LISTS[endpoint]) if endpoint in _LISTS else _answer(_SINGLE[endpoint])
    return {"200": {"description": "Found", **found}, **_problem_answers(_PROBLEMS)}


def _command_answers(endpoint: str) -> dict[str, Any]:
    done = of_commands.done_of(endpoint)
    answers: dict[str, Any] = {"200": {"description": "Carried out", **_answer(done)}}
    if endpoint in of_commands.CREATING:
        answers = {"201": {"description": "Made", **_answer(done)}}
    location = {"Location": {"schema": {"type": "string"}, "description": "Where to ask what became of it."}}
    answers["202"] = {"description": "Durable, not decided yet", "headers": location, **_answer(of_commands.PENDING)}
    answers["409"] = {"description": "Refused; nothing has changed", **_answer(of_commands.REFUSED)}
    return {**answers, **_problem_answers(_COMMAND_PROBLEMS)}


def _request_of(example: Arguments) -> dict[str, Any]:
    said = msgspec.json.decode(msgspec.json.encode(example))
    return {"required": bool(said), **_content("application/json", {"$ref": _request_reference(type(example))}, said)}


def _request_schemas() -> dict[str, Any]:
    """Give the schemas of arguments, under names of their own, with the `command_id` that every command may have."""
    schemas = {}
    for kind in {type(example) for example in of_commands.REQUESTS.values()}:
        _, found = msgspec.json.schema_components([kind])
        schema = found[kind.__name__]
        schemas[_request_name(kind)] = {**schema, "properties": {**schema["properties"], "command_id": _COMMAND_ID}}
    return dict(sorted(schemas.items()))


def _request_reference(kind: type[Arguments]) -> str:
    return _REFERENCE.format(name=_request_name(kind))


def _request_name(kind: type[Arguments]) -> str:
    return f"{kind.__name__}Request"


def _list_answer(endpoint: str, example: msgspec.Struct) -> dict[str, Any]:
    item_schema, item = _described(example)
    properties = {"items": {"type": "array", "items": item_schema}, "next": _NEXT}
    if endpoint in _MATCHED:
        properties["warnings"] = _WARNINGS
    schema = {"type": "object", "properties": properties, "required": ["items", "next"]}
    return _content("application/json", schema, {"items": [item], "next": None})


def _answer(example: msgspec.Struct) -> dict[str, Any]:
    return _content("application/json", *_described(example))


def _problem_answers(problems: tuple[Problem, ...]) -> dict[str, Any]:
    return {str(problem.status): _problem_answer(problem) for problem in problems}


def _problem_answer(problem: Problem) -> dict[str, Any]:
    example = msgspec.json.decode(bytes(problem.response().body))
    described = _content(MEDIA_TYPE, {"$ref": _REFERENCE.format(name="Problem")}, example)
    return {"description": HTTPStatus(problem.status).phrase, **described}


def _described(example: msgspec.Struct) -> tuple[dict[str, Any], Any]:
    """Give a record's schema and the example as JSON."""
    return {"$ref": _REFERENCE.format(name=type(example).__name__)}, msgspec.json.decode(msgspec.json.encode(example))


def _content(media_type: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema, "example": example}}}
