"""The operator API as the command line reads it: lists, single alerts and incidents, timelines.

Not here: HTTP and its errors (`asking.py`), how things look (`show.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from producers.operator.shapes import AlertInList, AlertTimelineEntry, Incident, Silence, TimelineEntry
from schemas.errors import Unavailable
from tocsin.asking import Asking, Query

TIMELINE_PAGE = 500
"""As many as the API gives at once."""
T = TypeVar("T")


class Alerts(msgspec.Struct, frozen=True):
    """A page of a list; `next` is the cursor of the following one."""

    items: list[AlertInList]
    next: str | None


class Incidents(msgspec.Struct, frozen=True):
    """The same, of incidents."""

    items: list[Incident]
    next: str | None


class Silences(msgspec.Struct, frozen=True):
    """The same, of silences."""

    items: list[Silence]
    next: str | None


class Warned(msgspec.Struct, frozen=True):
    """What any answer may warn of."""

    warnings: list[str] = []


class OneAlert(AlertInList, frozen=True, kw_only=True):
    """An alert with its payload, read: for the exact bytes see the answer itself; and with its whole timeline."""

    payload: Any
    timeline: list[AlertTimelineEntry]


class OneIncident(Incident, frozen=True, kw_only=True):
    """An incident with its whole timeline, which the API gives apart."""

    timeline: list[TimelineEntry]


def query_of(**said: Iterable[str] | str | int | None) -> Query:
    """Make a query string's pairs: a list repeats its name, what is not said is left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in said.items():
        if isinstance(value, str | int):
            pairs.append((name, str(value)))
        elif value is not None:
            pairs += [(name, one) for one in value]
    return pairs


def list_path(project: str, kind: str) -> str:
    return f"/api/v1/projects/{project}/{kind}"


def with_timeline(asking: Asking, project: str, kind: str, number: int, filters: Query = ()) -> bytes:
    """Give the JSON of an alert or incident with the key `timeline`, all else byte for byte as the API writes it.

    Two requests, and one more for each 500 entries; `filters` say which entries.
    """
    path = f"{list_path(project, kind)}/{number}"
    answer = asking.get(path)
    shown = _load(answer)
    if not isinstance(shown, dict) or not shown:
        raise _something_else(ValueError("there is nothing in what it shows"))
    timeline = json.dumps(_read_timeline(asking, f"{path}/timeline", filters)).encode()
    return answer.rstrip().removesuffix(b"}") + b',"timeline":' + timeline + b"}"


def _read_timeline(asking: Asking, path: str, filters: Query) -> list[Any]:
    entries: list[Any] = []
    cursor: str | None = None
    while True:
        page = _load(asking.get(path, [*filters, *query_of(limit=TIMELINE_PAGE, cursor=cursor)]))
        try:
            entries += page["items"]
            cursor = page["next"]
        except (KeyError, TypeError) as error:
            raise _something_else(error) from error
        if cursor is None:
            return entries


def read(answer: bytes, kind: type[T]) -> T:
    """Read an answer; raises `Unavailable` when it is none of tocsin's."""
    try:
        # Not by msgspec alone: it refuses half characters written as escapes, which a payload may hold.
        return msgspec.convert(_load(answer), kind)
    except msgspec.ValidationError as error:
        raise _something_else(error) from error


def _load(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError as error:
        raise _something_else(error) from error


def _something_else(error: Exception) -> Unavailable:
    return Unavailable(f"no operator API of this tocsin's version answers there: {error}")
