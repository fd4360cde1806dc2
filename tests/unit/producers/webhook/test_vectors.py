"""The behaviour vectors, as far as the door alone decides: what it makes of each post, without a core behind it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from producers.webhook.door import Door, build_door
from producers.webhook.formats.recognise import parse
from producers.webhook.refused import Refused
from schemas.codec import decode_body
from schemas.configuration import Integration
from schemas.records import AlertEvent, Content
from tests.unit.producers.webhook.doors import TESTS

sys.path.insert(0, str(TESTS / "contract" / "vectors"))  # the runner is a program with a neighbour, not a package

from language import differences, expand  # type: ignore[import-not-found]

TOPICS = ("normalisation", "severity", "times", "fingerprints-explicit", "fingerprints-generated", "alertmanager")
OWN_FIELDS = (
    "title", "description", "service", "monitoring_tool", "hosts", "severity", "environment", "labels", "links",
    "query", "fingerprint", "payload", "started_at", "ended_at", "integration",
)  # fmt: skip


def vectors(*topics: str) -> list[Any]:
    files = [json.loads((TESTS / "contract" / "vectors" / f"{topic}.json").read_text("utf-8")) for topic in topics]
    return [pytest.param(vector, id=vector["id"]) for file in files for vector in file["vectors"]]


def door_of(vector: Any, path: str) -> Door:
    name = path.rstrip("/").split("/")[-1]
    entry = vector.get("config", {}).get("integrations", {}).get(name, {"format": name})
    return build_door("p", name, msgspec.convert(entry, Integration))


def moment(millis: int | None, absent: str | None) -> str | None:
    if millis is None:
        return absent
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)).isoformat()


def as_alert(door: Door, event: AlertEvent) -> dict[str, Any]:
    """Show an event as the alert that it alone would create."""
    content: dict[str, Any] = msgspec.to_builtins(decode_body(event.content, Content))
    return content | {
        "severity": event.severity or door.default_severity,
        "fingerprint": event.fingerprint,
        "payload": json.loads(event.payload),
        "integration": door.integration,
        "started_at": moment(event.started_at, datetime.now(UTC).isoformat()),
        "ended_at": None if event.is_firing else moment(event.ended_at, datetime.now(UTC).isoformat()),
    }


def newest_by_condition(posts: list[tuple[Door, AlertEvent]]) -> list[dict[str, Any]]:
    """Show one alert for each condition that fired, in order, with the newest event's fields and the first's title."""
    alerts: dict[object, dict[str, Any]] = {}
    for place, (door, event) in enumerate(posts):
        key = (event.fingerprint, event.identity) if event.fingerprint else place
        if key not in alerts and not event.is_firing:
            continue
        shown = as_alert(door, event)
        before = alerts.get(key)
        if before is not None:
            shown["title"] = before["title"]
            shown["started_at"] = min(before["started_at"], shown["started_at"])
        alerts[key] = shown
    return list(alerts.values())


def posted(vector: Any, step: Any) -> tuple[int, list[tuple[Door, AlertEvent]]]:
    post = step["post"]
    door = door_of(vector, post.get("path", "/in/{project}/generic"))
    body = json.dumps(expand(post["json"], {}), ensure_ascii=False).encode()
    try:
        parsed = parse(body, door)
    except Refused as refused:
        return refused.status, []
    answer = {"receipt": "r", "accepted": len(parsed.events), "rejected": msgspec.to_builtins(parsed.refusals)}
    assert differences(step.get("answer", {}), answer) == []
    return 202, [(door, event) for event in parsed.events]


@pytest.mark.parametrize("vector", vectors(*TOPICS))
def test_the_door_reads_a_post_as_the_vector_says(vector: Any) -> None:
    events: list[tuple[Door, AlertEvent]] = []
    for step in vector["steps"]:
        if "post" in step:
            status, came = posted(vector, step)
            assert status == step.get("status", 202)
            events += came
        else:
            alerts = expand(step["expect"]["alerts"], {})
            wanted = [{key: item for key, item in alert.items() if key in OWN_FIELDS} for alert in alerts]
            assert differences(wanted, newest_by_condition(events)) == []
