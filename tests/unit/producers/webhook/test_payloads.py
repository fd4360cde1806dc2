"""What real senders sent: bodies captured from Alertmanager, Prometheus and two vendors' clients."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from producers.webhook.formats.recognise import parse
from schemas.codec import decode_body
from schemas.records import Content
from tests.unit.producers.webhook.doors import TESTS, a_door, whole

ALERTMANAGER = sorted((TESTS / "payloads").glob("*alertmanager/*.json"))
OTHERS = sorted(path for path in (TESTS / "payloads").glob("*/*.json") if path not in ALERTMANAGER)


def body_of(path: Path) -> bytes:
    request = json.loads(path.read_text("utf-8"))
    if "body_base64" in request:
        return base64.b64decode(request["body_base64"])
    return json.dumps(request["json"], ensure_ascii=False).encode()


def pairs(path: Path) -> list[tuple[dict[str, Any], Any]]:
    body = body_of(path)
    parsed = whole(parse(body, a_door("alertmanager")))
    assert (parsed.format, parsed.refusals) == ("alertmanager", [])
    return list(zip(json.loads(body)["alerts"], parsed.events, strict=True))


def test_there_are_payloads_of_both_kinds() -> None:
    assert (len(ALERTMANAGER), len(OTHERS)) == (29, 14)


@pytest.mark.parametrize("path", ALERTMANAGER, ids=lambda path: path.stem)
def test_our_fingerprint_is_the_one_alertmanager_computed(path: Path) -> None:
    assert [event.fingerprint for _, event in pairs(path)] == [sent["fingerprint"] for sent, _ in pairs(path)]


@pytest.mark.parametrize("path", ALERTMANAGER, ids=lambda path: path.stem)
def test_labels_status_and_payload_are_as_alertmanager_sent_them(path: Path) -> None:
    for sent, event in pairs(path):
        content = decode_body(event.content, Content)
        assert content.labels == sent["labels"]
        assert list(content.labels) == sorted(content.labels)
        assert event.is_firing == (sent["status"] == "firing")
        assert json.loads(event.payload) == sent


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_any_other_tools_body_is_generic_and_each_object_an_event(path: Path) -> None:
    body = body_of(path)
    sent = json.loads(body)
    parsed = parse(body, a_door())
    assert (parsed.format, parsed.refusals) == ("generic", [])
    assert [json.loads(event.payload) for event in parsed.events] == (sent if isinstance(sent, list) else [sent])
