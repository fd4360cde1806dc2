"""Whatever is sent: only the documented refusals, and fields within their limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.webhook.content_body import encode_content
from producers.webhook.door import Door
from producers.webhook.formats import prometheus
from producers.webhook.formats.recognise import parse
from producers.webhook.refused import NotAnAlert, NotAnArray, NotJson, TooLarge
from schemas.codec import decode_body, encode_body
from schemas.records import Content, Link
from tests.unit.producers.webhook.doors import a_door

FIELDS = (
    "title", "description", "service", "hosts", "severity", "start_time", "end_time", "status", "environment", "labels",
    "runbook", "url", "fingerprint", "alerts", "version", "orgId", "truncatedAlerts", "groupKey", "annotations", "startsAt",
    "endsAt", "generatorURL", "a",
)  # fmt: skip
times = st.datetimes().map(str) | st.integers() | st.sampled_from(["2026-01-01T00:00:00+23:59", "9999-12-31", "0001-01-01"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | times
    | st.sampled_from(["4", "resolved", "http://a/?g0.expr=%f"])
)
FEW = 5
"""Items of a list or object inside a value. With more, half of the time goes into values with too many leaves: thrown away."""
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=FEW) | st.dictionaries(st.sampled_from(FIELDS) | st.text(), inner, max_size=FEW),
    max_leaves=30,
)
payloads = st.dictionaries(st.sampled_from(FIELDS), values)
DOORS = [
    a_door("alertmanager"),
    a_door("generic"),
    a_door("generic", fields={"title": "a.title", "hosts": "a[0].a", "starts_at": "a", "labels": "alerts[1]", "status": "a.a.a"}),
]


def or_refused(parse: Callable[[], Any]) -> Any:
    try:
        return parse()
    except (NotJson, TooLarge, NotAnAlert, NotAnArray):  # anything else fails the test
        return None


@pytest.mark.parametrize("door", DOORS, ids=["alertmanager", "generic", "mapped"])
@given(body=st.binary() | values.map(json.dumps).map(str.encode) | payloads.map(json.dumps).map(str.encode))
def test_any_body_is_parsed_or_refused_with_a_documented_answer(door: Door, body: bytes) -> None:
    parsed = or_refused(lambda: parse(body, door))
    if parsed is not None:
        indexes = [item.index for item in parsed.events + parsed.refusals]
        assert sorted(indexes) == list(range(parsed.total))


@given(st.binary() | st.lists(payloads | values).map(json.dumps).map(str.encode) | values.map(json.dumps).map(str.encode))
def test_any_body_at_prometheus_door_is_parsed_or_refused(body: bytes) -> None:
    parsed = or_refused(lambda: prometheus.parse(body, DOORS[0]))
    if parsed is not None:
        assert sorted(item.index for item in parsed.events + parsed.refusals) == list(range(parsed.total))
        assert all(event.is_firing and (event.expires_at is None) == bool(event.expires_after_millis) for event in parsed.events)


@given(st.lists(payloads, max_size=3) | payloads.map(lambda alert: {"version": "4", "alerts": [alert, {"labels": alert}]}))
def test_what_an_alert_says_keeps_to_the_limits(value: object) -> None:
    parsed = or_refused(lambda: parse(json.dumps(value).encode(), DOORS[1]))
    for event in parsed.events if parsed else []:
        content = decode_body(event.content, Content)
        assert 1 <= len(content.title) <= 200
        assert len(content.description or "") <= 1000
        assert max(len(content.service or ""), len(content.monitoring_tool or "")) <= 100
        assert sum(map(len, content.hosts)) <= 255
        assert "\0" not in str(content)
        assert list(content.labels) == sorted(content.labels)
        assert len(event.fingerprint) in (0, 16, 40)


texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["x" * 63, "x" * 64, "x" * 8191, "☃" * 3000])
maybe = st.none() | texts
contents = st.builds(
    Content, texts, maybe, st.lists(texts), maybe, maybe, maybe, maybe, maybe, st.dictionaries(texts, texts),
    st.dictionaries(texts, texts),
    st.lists(st.builds(Link, texts, texts)),
)  # fmt: skip


@given(contents)
def test_content_written_by_hand_is_what_the_codec_writes(content: Content) -> None:
    assert encode_content(content) == encode_body(content)
