"""Generic JSON: an object is one alert, an array of objects is many (BEHAVIOUR 2, "Generic JSON").

Not here: how text, severities, times and fingerprints are read; each has its file one folder up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from producers.webhook import fingerprints
from producers.webhook.content_body import encode_content
from producers.webhook.document import Document
from producers.webhook.door import NOT_HASHED, Door
from producers.webhook.formats.parsed import Parsed, Source, parse_elements
from producers.webhook.labels import clean_map, text_pairs
from producers.webhook.links import link, links_in
from producers.webhook.paths import render_path, walk, without
from producers.webhook.refused import NotAnAlert
from producers.webhook.severity import severity_of, word_as_sent
from producers.webhook.slices import Elements, Few
from producers.webhook.status import FIRING, status_of
from producers.webhook.text import DEFAULT_TITLE, MAX_DESCRIPTION, MAX_NAME, MAX_TITLE, Json, JsonObject, cut, hosts_of, text
from producers.webhook.times import time_of
from schemas.records import AlertEvent, Content, Link

FORMAT = "generic"
T = TypeVar("T")


def parse(document: Document, door: Door) -> Parsed | None:
    """Make events of any object or array; raises `NotJson`, or `NotAnAlert` for another value."""
    return parse_elements(Source(door, FORMAT), _elements(document), partial(parse_alert, door))


def _elements(document: Document) -> Elements:
    if document.opening == b"[":
        return document.elements(document.limits.max_alerts)
    document.check()
    if document.opening != b"{":
        raise NotAnAlert("An alert is a JSON object; several are an array of objects.")
    return Few([document.body], len(document.body))


def parse_alert(door: Door, raw: bytes, payload: JsonObject) -> AlertEvent:
    """Make an event of one object.

    Raises `RejectedElement` for a time that cannot be read, and for a status that the integration passes over.
    """
    status = find(door, payload, "status", "status", lambda value: status_of(value, door.statuses)) or FIRING
    ended_at = _time(door, payload, "ends_at", "end_time")
    is_firing = ended_at is None and status.is_firing
    severity = find(door, payload, "severity", "severity", text)
    return AlertEvent(
        index=0,
        fingerprint=find(door, payload, "fingerprint", "fingerprint", fingerprints.explicit) or _generated(door, payload),
        identity=door.own_identity,
        is_firing=is_firing,
        severity=severity_of(severity, door.severities),
        started_at=_time(door, payload, "starts_at", "start_time"),
        ended_at=ended_at,
        content=encode_content(content_of(door, payload)),
        payload=raw,
        severity_as_sent=word_as_sent(severity),
        unknown_status=status.unknown if is_firing else None,
    )


def content_of(door: Door, payload: JsonObject) -> Content:
    """Gather what the alert says."""
    pairs = find(door, payload, "labels", "labels", partial(text_pairs, door.limits)) or []
    return Content(
        title=cut(find(door, payload, "title", "title", text), MAX_TITLE) or DEFAULT_TITLE,
        description=cut(find(door, payload, "description", "description", text), MAX_DESCRIPTION),
        hosts=find(door, payload, "hosts", "hosts", hosts_of) or [],
        service=cut(find(door, payload, "service", "service", text), MAX_NAME),
        environment=find(door, payload, "environment", "gitlab_environment_name", text) or text(payload.get("environment")),
        monitoring_tool=cut(find(door, payload, "monitoring_tool", "monitoring_tool", text), MAX_NAME),
        labels=clean_map(pairs),
        links=_links(door, payload),
    )


def find(door: Door, payload: JsonObject, field: str, key: str, read: Callable[[Json], T | None]) -> T | None:
    """Read a field where the integration maps it to, else under its standard key; None when both are absent."""
    path = door.paths.get(field)
    if path is not None:
        found = read(walk(path, payload))
        if found is not None and found != []:
            return found
    return read(payload.get(key))


def _time(door: Door, payload: JsonObject, field: str, key: str) -> int | None:
    path = door.paths.get(field)
    mapped = time_of(walk(path, payload), render_path(path)) if path else None
    return time_of(payload.get(key), key) if mapped is None else mapped


def _links(door: Door, payload: JsonObject) -> list[Link]:
    path = door.paths.get("links")
    mapped = [] if path is None else links_in("url", walk(path, payload))
    return mapped or [*link("runbook", payload.get("runbook")), *link("url", payload.get("url"))]


def _generated(door: Door, payload: JsonObject) -> str:
    rest: Json = payload
    for path in door.not_hashed:
        rest = without(path, rest)
    assert isinstance(rest, dict)
    return fingerprints.generated({key: value for key, value in rest.items() if key not in NOT_HASHED})
