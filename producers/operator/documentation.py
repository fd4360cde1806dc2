"""What `/api/openapi.json` says of each endpoint's answers: a schema made from the records, and an example.

Not here: the examples (`examples.py`), parameters, which FastAPI reads from the handlers.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI

from producers.operator import examples
from producers.operator.problems import MEDIA_TYPE, Forbidden, Malformed, NotFound, NotNow, Problem, Unauthorized

_REFERENCE = "#/components/schemas/{name}"
_LISTS: dict[str, msgspec.Struct] = {
    "/api/v1/projects": examples.PROJECT,
    "/api/v1/projects/{project}/alerts": examples.ALERT_IN_LIST,
    "/api/v1/projects/{project}/incidents": examples.INCIDENT,
    "/api/v1/projects/{project}/incidents/{number}/timeline": examples.TIMELINE_ENTRY,
}
_SINGLE: dict[str, msgspec.Struct] = {
    "/api/v1/projects/{project}/alerts/counts": examples.ALERT_COUNTS,
    "/api/v1/projects/{project}/alerts/{number}": examples.ALERT,
    "/api/v1/projects/{project}/incidents/{number}": examples.INCIDENT,
}
_NEXT = {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "For `?cursor=`; null: nothing follows."}
_PROBLEMS: tuple[Problem, ...] = (
    Unauthorized(),
    Forbidden("viewer"),
    NotFound(),
    Malformed("sort: Input should be 'number'"),
    NotNow(),
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
            methods["get"]["responses"] = answers_of(path)  # not by FastAPI, which takes the nulls out of examples
        kinds = [type(example) for example in (*_LISTS.values(), *_SINGLE.values())]
        _, schemas = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
        components = described.setdefault("components", {})
        components["schemas"] = {**components.get("schemas", {}), **schemas, "Problem": PROBLEM_SCHEMA}
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
        return described


def answers_of(path: str) -> dict[str, Any]:
    """Describe an endpoint's answers; raises `KeyError` for one that has no example."""
    found = _list_answer(_LISTS[path]) if path in _LISTS else _content("application/json", *_described(_SINGLE[path]))
    problems = {str(problem.status): _problem_answer(problem) for problem in _PROBLEMS}
    return {"200": {"description": "Found", **found}, **problems}


def _list_answer(example: msgspec.Struct) -> dict[str, Any]:
    item_schema, item = _described(example)
    properties = {"items": {"type": "array", "items": item_schema}, "next": _NEXT}
    schema = {"type": "object", "properties": properties, "required": ["items", "next"]}
    return _content("application/json", schema, {"items": [item], "next": None})


def _problem_answer(problem: Problem) -> dict[str, Any]:
    example = msgspec.json.decode(bytes(problem.response().body))
    described = _content(MEDIA_TYPE, {"$ref": _REFERENCE.format(name="Problem")}, example)
    return {"description": HTTPStatus(problem.status).phrase, **described}


def _described(example: msgspec.Struct) -> tuple[dict[str, Any], Any]:
    """Give a record's schema and the example as JSON."""
    return {"$ref": _REFERENCE.format(name=type(example).__name__)}, msgspec.json.decode(msgspec.json.encode(example))


def _content(media_type: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema, "example": example}}}
