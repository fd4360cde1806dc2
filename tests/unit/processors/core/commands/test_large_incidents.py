"""An incident with very many alerts: one command about it looks at each alert a fixed number of times. Not here: stories."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from tests.world import PROJECT, World, batch, command, configured

RULES = {PROJECT: {"incidents": [{"name": "all"}], "notify": [{"receivers": ["oncall"]}]}}


def burning(alerts: int) -> World:
    """Two incidents: the first with so many firing alerts, the second by hand."""
    world = World()
    world.append(0, configured(0, RULES))
    world.append(1, batch(*({"title": f"A{number}"} for number in range(alerts))))
    world.append(1, command("create incident", b'{"title": "by hand"}', id="made"))
    for record in world.inbox:
        world.writer.take(record)
        world.write()
    return world


def count_calls(world: World) -> int:
    """Take the next record, and give how many functions of Python that took: work without a clock's noise."""
    calls = 0

    def count(_frame: FrameType, kind: str, _argument: object) -> None:
        nonlocal calls
        calls += kind in ("call", "c_call")

    sys.setprofile(count)
    try:
        world.writer.take(world.inbox[-1])
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(("words", "arguments"), [("resolve incident 1", b"{}"), ("merge incident 1", b'{"into": 2}')])
def test_work_grows_no_faster_than_the_alerts(words: str, arguments: bytes) -> None:
    calls = []
    for alerts in (200, 800):
        world = burning(alerts)
        world.append(2, command(words, arguments))
        calls.append(count_calls(world))
    assert calls[1] < calls[0] * 4.5


def test_two_thousand_alerts_are_resolved_in_one_command_and_told_once() -> None:
    world = burning(2000)
    world.append(2, command("resolve incident 1"))
    model = world.run()
    incident = model.incidents[PROJECT, 1]
    assert (incident.status, incident.firing, incident.total) == ("resolved", 0, 2000)
    assert {alert.status for alert in model.alerts.values()} == {"resolved"}
    assert [told.kind for told in model.notifications if told.incident == 1] == ["opened", "resolved"]
    assert model.timeline[-1].text == "resolved, with 2000 alerts that had not ended"
