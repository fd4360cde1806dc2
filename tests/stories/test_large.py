"""One incident of very many alerts: what is decided, and how much is written at once, stays within bounds (scenario 17)."""

from __future__ import annotations

from schemas.records import IncidentState, Notification
from tests.world import World, batch, configured

COUNT, PER_RECORD = 50_000, 2_500
PART_BYTES = 900 * 1024
"""Over this an entry is written in parts (DESIGN section 1)."""


def test_fifty_thousand_alerts_of_one_group_are_one_incident_told_once() -> None:
    world, incidents, told = _storm(), dict[tuple[str, int], IncidentState](), list[Notification]()
    for record in world.inbox:
        decided = world.writer.take(record)
        assert decided is not None
        incidents |= decided.incidents
        told += decided.notifications
        world.write()
    assert [(one.firing, one.total, one.timeline_count) for one in incidents.values()] == [(COUNT, COUNT, COUNT)]
    assert [(one.kind, one.receiver) for one in told] == [("opened", "oncall")]
    assert max(len(part) for part in world.journal) <= PART_BYTES


def _storm() -> World:
    world = World()
    rule = {"incidents": [{"name": "all", "group_by": ["service"]}], "notify": [{"receivers": ["oncall"]}]}
    world.append(0, configured(1, {"shop": rule}))
    for first in range(0, COUNT, PER_RECORD):
        alerts = ({"title": f"A{number}", "service": "db"} for number in range(first, first + PER_RECORD))
        world.append(1, batch(*alerts))
    return world
