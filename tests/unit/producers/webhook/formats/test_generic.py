"""Generic JSON, beyond what the vectors say."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

import pytest

from producers.webhook.door import build_door
from producers.webhook.formats.recognise import parse
from producers.webhook.refused import NotAnAlert
from schemas.codec import encode_body
from schemas.configuration import IdentityScope, Integration
from schemas.records import AlertEvent, Content, Link, Refusal
from tests.unit.producers.webhook.doors import TESTS, a_door, content_of, only_content, parse_json

SCOPES: tuple[IdentityScope, ...] = ("integration", "project")


def test_an_event_with_everything_said() -> None:
    body = (
        b' {"title":"CPU","status":"down","start_time":1767261600,"labels":{"b":"2","a":1.50},"fingerprint":"cpu",'
        b'"severity":"warn","hosts":["w1"],"url":"https://x.example"} '
    )
    content = Content(title="CPU", hosts=["w1"], labels={"a": "1.50", "b": "2"}, links=[Link("url", "https://x.example")])
    assert parse(body, a_door()).events == [
        AlertEvent(
            index=0, fingerprint=sha1(b"cpu").hexdigest(), identity=b"door", is_firing=True, severity="low",
            started_at=1_767_261_600_000, ended_at=None, content=encode_body(content), payload=body,
            severity_as_sent="warn",
        )
    ]  # fmt: skip


def test_a_time_that_is_absent_stays_absent() -> None:
    (event,) = parse_json({"title": "t", "start_time": "-", "status": "ok"}).events
    assert (event.is_firing, event.started_at, event.ended_at) == (False, None, None)


def test_each_element_keeps_the_bytes_that_were_sent() -> None:
    body = b'[ {"n": 5.50, "s":"\\ud800"} ,{"a":\t1e3}]'
    assert [event.payload for event in parse(body, a_door()).events] == [b'{"n": 5.50, "s":"\\ud800"}', b'{"a":\t1e3}']


def test_an_empty_array_is_accepted_with_nothing() -> None:
    parsed = parse_json([])
    assert (parsed.format, parsed.events, parsed.refusals) == ("generic", [], [])


@pytest.mark.parametrize("body", [b"5", b'"text"', b"null", b"true", b"-0"])
def test_other_values_can_never_be_an_alert(body: bytes) -> None:
    with pytest.raises(NotAnAlert):
        parse(body, a_door())


def test_an_alert_over_256_kib_is_refused_and_the_others_go_on() -> None:
    parsed = parse_json([{"title": "x" * 262_144}, {"title": "t"}, None])
    assert [event.index for event in parsed.events] == [1]
    assert parsed.refusals == [
        Refusal(0, "an alert may have 256 KiB; this one has 262157 bytes"), Refusal(2, "not an object"),
    ]  # fmt: skip


def test_one_object_over_256_kib_is_a_request_of_one_refusal() -> None:
    parsed = parse_json({"title": "x" * 262_144})
    assert (parsed.events, [refusal.index for refusal in parsed.refusals], parsed.total) == ([], [0], 1)


MAPPED = {
    "title": "a.title", "description": "a.text", "service": "a.service", "monitoring_tool": "a.tool", "hosts": "a.hosts",
    "environment": "a.env", "labels": "a.tags", "links": "a.links",
}  # fmt: skip


def test_every_field_may_be_mapped() -> None:
    sent = {
        "title": "T", "text": "D", "service": "S", "tool": "M", "hosts": ["h"], "env": "E", "tags": {"k": "v"},
        "links": ["https://a.example", "https://b.example"],
    }  # fmt: skip
    assert content_of({"a": sent, "title": "no", "runbook": "https://no.example"}, a_door(fields=MAPPED)) == Content(
        title="T", description="D", hosts=["h"], service="S", environment="E", monitoring_tool="M", labels={"k": "v"},
        links=[Link("url", "https://a.example"), Link("url", "https://b.example")],
    )  # fmt: skip


def test_what_is_blank_where_a_field_is_mapped_is_read_from_its_standard_key() -> None:
    blank: dict[str, Any] = {
        "title": {},
        "text": " ",
        "service": None,
        "tool": False,
        "hosts": [],
        "env": "",
        "tags": 1,
        "links": ["x"],
    }
    plain = {"title": "t", "description": "d", "service": "s", "monitoring_tool": "m", "hosts": "h", "environment": "e",
             "labels": {"k": "v"}, "runbook": "https://r.example"}  # fmt: skip
    assert content_of({"a": blank, **plain}, a_door(fields=MAPPED)) == content_of(plain)


def test_mapped_times_and_status_decide() -> None:
    door = a_door(fields={"starts_at": "t.from", "ends_at": "t.to", "status": "t.state"})
    (ended,) = parse_json({"t": {"from": 1, "to": "2"}}, door).events
    (recovered,) = parse_json({"t": {"state": "OK"}}, door).events
    assert (ended.is_firing, ended.started_at, ended.ended_at) == (False, 1000, 2000)
    assert (recovered.is_firing, recovered.ended_at) == (False, None)


def test_mapped_fields_that_change_do_not_count_for_a_generated_fingerprint() -> None:
    door = a_door(fields={"starts_at": "t.from", "hosts": "who[0].name", "status": "state"})
    down, up = (
        parse_json({"title": "t", "t": {"from": at, "n": 1}, "who": [{"name": name, "role": "db"}], "state": state}, door)
        for at, name, state in ((1, "a", "down"), (2, "b", "up"))
    )
    assert [event.fingerprint for event in down.events + up.events] == [
        sha1(b'{"t":{"n":1},"title":"t","who":[{"role":"db"}]}').hexdigest()
    ] * 2


def test_a_number_may_be_a_word_of_the_severity_map() -> None:
    door = a_door(severity_map={"5": "critical", "Ouch": "high"})
    assert [event.severity for event in parse_json([{"severity": 5}, {"severity": "ouch "}, {"severity": 4}], door).events] == [
        "critical", "high", None,
    ]  # fmt: skip


@pytest.mark.parametrize("sent", [{"fingerprint": "7"}, {"title": "no fingerprint"}])
def test_a_fingerprint_counts_within_its_integration_or_within_the_project(sent: dict[str, Any]) -> None:
    own, shared = (build_door("shop", "grid", Integration(format="generic", identity=scope)) for scope in SCOPES)
    (ours,), (theirs,) = (parse_json(sent, door).events for door in (own, shared))
    assert ours.fingerprint == theirs.fingerprint
    assert (ours.identity, theirs.identity) == (b"grid", b"")


def test_labels_are_an_identity_in_the_whole_project_whatever_the_integration_says() -> None:
    body = {"version": "4", "alerts": [{"labels": {"alertname": "Down"}}]}
    doors = [build_door("shop", name, Integration(format="generic", identity=scope)) for name in "ab" for scope in SCOPES]
    assert len({parse_json(body, door).events[0].identity for door in doors}) == 1


def test_an_unknown_status_is_noted_unless_an_end_time_has_decided() -> None:
    degraded, ended, known = parse_json(
        [{"status": "degraded"}, {"status": "degraded", "end_time": 1}, {"status": "firing"}]
    ).events
    assert [(event.is_firing, event.unknown_status) for event in (degraded, ended, known)] == [
        (True, "degraded"), (False, None), (True, None),
    ]  # fmt: skip


def test_status_words_are_read_where_the_integration_maps_them_and_ignored_elements_are_refused() -> None:
    door = a_door(fields={"status": "check.state"}, status_map={"0": "resolved", "3": "ignore"})
    parsed = parse_json([{"check": {"state": state}, "fingerprint": "a"} for state in (0, 3, 2)], door)
    assert [(event.is_firing, event.unknown_status) for event in parsed.events] == [(False, None), (True, "2")]
    assert parsed.refusals == [Refusal(1, "ignored: status_map passes over the status '3'")]


AS_A_TEMPLATE_WRITES_IT = {
    "state": "resolved", "group": {"alertname": "HighLatency"}, "labels": {"alertname": "HighLatency", "severity": "page"},
    "annotations": {"description": "95th percentile: 3 s"},
}  # fmt: skip
"""What Alertmanager 0.32 posts for the `payload:` of the README."""


def test_a_payload_template_of_alertmanager_is_read_by_fields() -> None:
    readme = (TESTS.parent / "README.md").read_text("utf-8")
    fields = dict(pair.split(": ") for pair in readme.partition("fields: {")[2].partition("}")[0].split(", "))
    parsed = parse_json(AS_A_TEMPLATE_WRITES_IT, a_door(fields=fields))
    (event,) = parsed.events
    content = only_content(parsed)
    assert (content.title, content.description, event.severity) == ("HighLatency", "95th percentile: 3 s", "high")
    assert not event.is_firing
    assert event.fingerprint == sha1(b'{"alertname":"HighLatency"}').hexdigest()


def test_nul_and_lone_surrogates_do_not_reach_any_field() -> None:
    content = only_content(parse(rb'{"title":"a\u0000b\ud800","labels":{"\u0000":"\udfff"},"hosts":["\u0000"]}', a_door()))
    assert (content.title, content.labels, content.hosts) == ("a\ufffdb\ufffd", {"\ufffd": "\ufffd"}, ["\ufffd"])


def test_the_word_that_the_severity_was_read_from_is_kept_wherever_it_stands() -> None:
    door = a_door(fields={"severity": "check.level"}, severity_map={"ouch": "high"})
    bodies = (
        {"check": {"level": "Ouch"}},
        {"severity": 1},
        {"check": {"level": " "}, "severity": "P2"},
        {"severity": "x" * 101},
        {},
    )
    events = [event for body in bodies for event in parse_json(body, door).events]
    assert [(event.severity, event.severity_as_sent) for event in events] == [
        ("high", "Ouch"), (None, "1"), ("high", "P2"), (None, None), (None, None),
    ]  # fmt: skip
