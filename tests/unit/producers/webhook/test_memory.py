"""What was parsed before is not parsed again, and whatever was parsed before changes nothing."""

from __future__ import annotations

import json
from itertools import product

from producers.webhook.door import build_doors
from producers.webhook.formats import prometheus, recognise
from producers.webhook.memory import ENTRY_BYTES, MAX_ELEMENT_BYTES, Memory
from schemas.configuration import Configuration, Integration, Project
from schemas.records import AlertEvent, Severity
from tests.unit.producers.webhook.doors import a_door

ELEMENT = {"labels": {"alertname": "Down", "severity": "page"}, "startsAt": "2026-01-02T03:04:05Z"}


def event(payload: bytes = b"") -> AlertEvent:
    return AlertEvent(0, "f", b"", True, None, None, None, b"", payload)


def body(*elements: object, **envelope: object) -> bytes:
    return json.dumps({"version": "4", "alerts": elements, **envelope}).encode()


def test_what_was_kept_is_found_by_its_source_and_its_bytes() -> None:
    memory = Memory()
    memory.keep(("door", b"{}"), event())
    assert memory.find(("door", b"{}")) == event()
    assert [memory.find(("other", b"{}")), memory.find(("door", b"{ }"))] == [None, None]


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    memory = Memory(generation_bytes=3 * ENTRY_BYTES)
    memory.keep(("door", b"used"), event())
    memory.keep(("door", b"unused"), event())
    for number in range(100):
        memory.keep(("door", b"%d" % number), event())
        assert memory.find(("door", b"used")) == event()
    assert memory.find(("door", b"unused")) is None
    assert sum(memory.find(("door", b"%d" % number)) is not None for number in range(100)) < 8


def test_a_large_element_is_not_kept() -> None:
    memory = Memory()
    memory.keep(("door", b"x" * (MAX_ELEMENT_BYTES + 1)), event())
    assert memory.find(("door", b"x" * (MAX_ELEMENT_BYTES + 1))) is None


def test_a_repeat_is_the_same_event_at_its_own_place() -> None:
    door = a_door("alertmanager")
    other = {"labels": {"alertname": "Other"}}
    first = recognise.parse(body(ELEMENT, other), door).events
    again = recognise.parse(body(other, ELEMENT, {}), door)
    assert [event.index for event in again.events] == [0, 1]
    assert [event.fingerprint for event in again.events] == [first[1].fingerprint, first[0].fingerprint]
    assert [refusal.index for refusal in again.refusals] == [2]


def test_a_repeat_is_not_parsed_again() -> None:
    door = a_door("alertmanager")
    first, again = (recognise.parse(body(ELEMENT), door).events[0] for _ in range(2))
    assert first == again
    assert first.content is again.content


def test_the_same_bytes_mean_what_their_door_and_envelope_and_path_say() -> None:
    severities: tuple[Severity, ...] = ("low", "high")
    integrations: dict[str, Integration] = {
        word: Integration(format="alertmanager", severity_map={"page": word}) for word in severities
    }
    doors = build_doors(Configuration(projects={"shop": Project(integrations=integrations)}))
    requests = [(recognise.parse, body(ELEMENT)), (recognise.parse, body(ELEMENT, externalURL="http://am.example"))]
    requests += [(recognise.parse, body(ELEMENT, orgId=1)), (prometheus.parse, json.dumps([ELEMENT]).encode())]
    for word, (parse, sent) in product(severities, requests):
        alone = Integration(format="alertmanager", severity_map={"page": word})
        fresh = build_doors(Configuration(projects={"shop": Project(integrations={word: alone})}))
        assert parse(sent, doors["shop", word]) == parse(sent, fresh["shop", word])
    assert len({id(door.memory) for door in doors.values()}) == 1
