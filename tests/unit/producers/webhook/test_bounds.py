"""What one request may cost: limits on a body and on each alert in it, and no step that others would notice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from producers.webhook.cut import Cutter, batch_of
from producers.webhook.document import document_steps, finish
from producers.webhook.door import Door
from producers.webhook.doors import Doors
from producers.webhook.formats import recognise
from producers.webhook.formats.parsed import Parsed
from producers.webhook.refused import NotJson, Refused, TooLarge
from producers.webhook.slices import SLICE_ELEMENTS
from schemas.limits import Limits
from schemas.over_limit import OVER
from tests.unit.producers.webhook.doors import a_door, whole
from tests.unit.producers.webhook.site import Site, doors

LIMITS = Limits()
LONGEST_SECONDS = 0.02
ALERT_BYTES = LIMITS.max_alert_bytes - 2000
MANY = {f"label_{number:04}": "1" for number in range(LIMITS.max_labels - 2)}


def over(limit: str) -> float:
    return float(OVER.labels(limit)._value.get())


def limited(**limits: int) -> Callable[[], Doors]:
    """Doors with other limits."""
    found = doors()
    by_name = {name: replace(door, limits=Limits(**limits)) for name, door in found.by_name.items()}
    return lambda: replace(found, by_name=by_name)


def group(*alerts: Any) -> bytes:
    return json.dumps({"version": "4", "alerts": alerts}).encode()


def nested(levels: int, count: int) -> str:
    return ",".join(["[" * levels + "]" * levels] * count)


def filled(text: str) -> str:
    return text * (ALERT_BYTES // len(json.dumps(text)[1:-1]))


DEAR: dict[str, bytes] = {
    "labels and annotations": group({"labels": MANY, "annotations": MANY}),
    "values": json.dumps({"x": list(range(LIMITS.max_alert_values - 10))}).encode(),
    "too many values": json.dumps({"x": [""] * 60_000}).encode(),
    "hosts in lists": f'{{"hosts":[{nested(90, 50)}]}}'.encode(),
    "more hosts in lists": f'{{"hosts":[{nested(90, 1_300)}]}}'.encode(),
    "a fingerprint of lists": f'{{"fingerprint":[{nested(90, 50)}]}}'.encode(),
    "one text": group({"labels": {"a": "b"}, "annotations": {"description": filled("x")}}),
    "escapes": group({"labels": {"a": "b"}, "annotations": {"description": filled("\n")}}),
    "NULs": group({"labels": {"a": "b"}, "annotations": {"description": filled("\0")}}),
    "lone surrogates": group({"labels": {"a": "b"}, "annotations": {"description": filled("\ud800")}}),
    "a long number": b'{"x":' + b"9" * ALERT_BYTES + b"}",
    "minus zeros": b'{"x":[' + b",".join([b"-0"] * 4_900) + b"]}",
    "a long time": json.dumps({"start_time": filled("-")}).encode(),
    "a long status": json.dumps({"status": filled("x ")}).encode(),
    "a long severity": json.dumps({"severity": filled("\u0130")}).encode(),
    "a long query": group({"labels": {"a": "b"}, "generatorURL": "http://x/?g0.expr=" + filled("%41")}),
    "many elements": b"[" + b",".join([b"{}"] * 9_999) + b"]",
    "brackets": f"[{nested(90, 3_000)}]".encode(),
    "many small ones": json.dumps([{"title": str(number)} for number in range(9_999)]).encode(),
    "many large ones": group(*[{"labels": {"n": str(number), "x": "y" * 200_000}} for number in range(20)]),
    "one that is far too large": group({"labels": {"x": "y" * 4_000_000}}),
    "a large member": json.dumps({"version": "4", "x": "y" * 4_000_000, "alerts": []}).encode(),
    "blanks": b" " * 2_000_000 + group() + b" " * 2_000_000,
}  # fmt: skip


def stretches(body: bytes, door: Door) -> Iterator[float]:
    """Take all steps of a body, as a turn would; give the CPU seconds of each."""
    steps = recognise.parse_steps(body, door)
    parsed: Parsed | None = None
    while parsed is None:
        began = time.thread_time()
        try:
            next(steps)
        except StopIteration as stopped:
            parsed = stopped.value
        except Refused:
            return
        finally:
            took = time.thread_time() - began
        yield took
    assert parsed is not None
    cutter, slices = Cutter(batch_of(door, "R", parsed)), iter(parsed.slices())
    made = True
    while made:
        began = time.thread_time()
        one = next(slices, None)
        made = one is not None
        if one is not None:
            list(cutter.add(one))
        yield time.thread_time() - began


@pytest.mark.parametrize("name", DEAR)
def test_no_step_takes_so_long_that_others_would_notice(name: str) -> None:
    door = a_door()
    fewest = min(max(stretches(DEAR[name], door), default=0.0) for _ in range(2))  # the first time code is loaded too
    assert fewest < LONGEST_SECONDS


@pytest.mark.parametrize(
    ("alert", "limit", "reason"),
    [
        ({"x": "y" * LIMITS.max_alert_bytes}, "max_alert_bytes", "an alert may have 256 KiB"),
        ({"x": [1] * (LIMITS.max_alert_values + 1)}, "max_alert_values", "an alert may hold 5000 values"),
        ({"labels": {str(n): "1" for n in range(LIMITS.max_labels + 1)}}, "max_labels", "an alert may have 1000 labels"),
    ],
)
def test_an_alert_that_holds_too_much_is_rejected_alone_and_counted(alert: Any, limit: str, reason: str) -> None:
    before = over(limit)
    status, answer = Site().post(json.dumps([{"title": "good"}, alert]).encode())
    assert (status, answer["accepted"], [one["index"] for one in answer["rejected"]]) == (202, 1, [1])
    assert answer["rejected"][0]["reason"].startswith(reason)
    assert over(limit) == before + 1


def test_commas_and_brackets_in_texts_are_no_values() -> None:
    alert = {"title": ',[{"' * 20_000, "labels": {"a": "\\" * 999 + '",['}}
    assert Site().post(json.dumps(alert).encode())[1]["accepted"] == 1


def test_a_time_longer_than_any_is_refused_whatever_it_is_made_of() -> None:
    status, answer = Site().post(b'{"start_time":"%s"}' % (b"-" * 101))
    assert (status, answer["accepted"], answer["rejected"][0]["reason"][:10]) == (202, 0, "start_time")


@pytest.mark.parametrize("member", ["alerts", "x"])
def test_what_is_too_long_to_be_passed_over_refuses_its_request(member: str) -> None:
    value = "y" * (LIMITS.max_value_bytes + 1)
    body = (
        group({"labels": {"a": value}}) if member == "alerts" else json.dumps({"version": "4", "x": value, "alerts": []}).encode()
    )
    before = over("max_value_bytes")
    status, said = Site().problem(body, "am")
    assert (status, "320 KiB" in said, over("max_value_bytes")) == (413, True, before + 1)


def test_an_alert_between_the_two_limits_is_rejected_and_its_neighbours_go_on() -> None:
    large = {"labels": {"a": "y" * (LIMITS.max_alert_bytes + 100)}}
    body = group({"labels": {"a": "1"}}, large, {"labels": {"a": "2"}})
    slices = finish(document_steps(body, LIMITS, 10)).alerts()
    assert [len(elements) for elements in slices] == [1, 1, 1]  # it is not even read together with others
    made = whole(recognise.parse(body, a_door("alertmanager")))
    assert ([event.index for event in made.events], [one.index for one in made.refusals]) == ([0, 2], [1])


@pytest.mark.parametrize(
    ("limits", "body", "integration", "status"),
    [
        ({"max_body_bytes": 10}, b'{"title":"t"}', "web", 413),
        ({"max_alertmanager_body_bytes": 10}, group(), "am", 413),
        ({"max_alerts": 1}, b"[{},{}]", "web", 413),
        ({"max_alertmanager_alerts": 1}, group({}, {}), "am", 413),
        ({"max_levels": 2}, b'{"a":[[]]}', "web", 413),
        ({"max_alerts_per_minute": 1}, b"[{},{}]", "web", 429),
        ({"max_alerts_per_minute": 1}, group({"labels": {"a": "1"}}, {"labels": {"a": "2"}}), "am", 503),
        ({"max_bytes_per_minute": 5}, b'{"title":"t"}', "web", 503),
        ({"max_bytes_per_minute": 5}, group(), "am", 503),
    ],
)
def test_limits_are_settings_and_what_is_beyond_is_counted_and_told(
    limits: dict[str, int], body: bytes, integration: str, status: int
) -> None:
    site = Site(doors=limited(**limits), hears_complaints=True)
    (name,) = limits
    before = over(name)
    answers = [site.request("POST", f"/in/shop/{integration}", body) for _ in range(2)]
    last, headers, _ = answers[1]
    assert (last, over(name) > before) == (status, True)
    assert (b"retry-after" in headers) == (status in (429, 503))
    assert [one.kind for batch in site.inbox.batches() for one in batch.complaints]


def test_a_bytes_limit_refuses_what_is_declared_before_it_is_read() -> None:
    site = Site(doors=limited(max_bytes_per_minute=1000), is_silent=True, patience_seconds=0.05)
    declared = [(b"authorization", b"Bearer good"), (b"content-length", b"900")]
    statuses = [site.request("POST", "/in/shop/am", headers=declared)[0] for _ in range(2)]
    assert statuses == [408, 503]


def test_a_storm_of_50_000_alerts_is_within_what_an_integration_may_send() -> None:
    assert LIMITS.max_alerts_per_minute >= 2 * 50_000
    assert 4 * LIMITS.max_alertmanager_body_bytes <= LIMITS.max_bytes_per_minute


def test_an_answer_lists_so_many_refusals_and_says_how_many_there_are() -> None:
    site = Site(doors=limited(max_listed_refusals=3))
    for count in (5, 10 * SLICE_ELEMENTS):
        before = over("max_listed_refusals")
        status, answer = site.post(b"[" + b",".join([b"7"] * count) + b"]")
        assert (status, len(answer["rejected"]), answer["rejected_in_all"]) == (202, 3, count)
        assert over("max_listed_refusals") == before + 1
    status, answer = site.post(b"[7,7]")
    assert (len(answer["rejected"]), "rejected_in_all" in answer) == (2, False)


NO_OBJECTS = [
    b'{"a" 1}', b'{"a":1,}', b'{"a":1 "b":2}', b"{,}", b'{"a":[1}', b'{"alerts":[1} }', b'{"alerts":[1]]', b"{1:2}",
    b'{"alerts":[1;2]}', b'{"alerts":[{};{},{}]}',
]  # fmt: skip


@pytest.mark.parametrize("text", NO_OBJECTS)
def test_a_large_object_is_json_from_end_to_end_or_refused(text: bytes) -> None:
    with pytest.raises(NotJson):
        recognise.parse(text + b" " * 100_000, a_door())


def test_a_large_object_is_read_as_a_small_one_whatever_its_members_are() -> None:
    members = rb'{"version":"4","alerts":7,"external\u0055RL":"http://a","alerts" : [{"labels":{"a":"1"}}] ,"x":{"alerts":[]}}'
    small, large = (recognise.parse(body, a_door()) for body in (members, members + b" " * 100_000))
    assert (small.format, whole(large).events) == ("alertmanager", whole(small).events)


def test_a_large_scalar_is_no_alert() -> None:
    with pytest.raises(TooLarge):
        recognise.parse(b'"' + b"x" * 500_000 + b'"', a_door())
