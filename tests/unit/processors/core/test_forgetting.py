"""Very many alerts leave with their incident, a part at each tick, until all are gone. Not here: the stories of when."""

from __future__ import annotations

from processors.core.forgetting import AT_ONCE
from tests.world import PROJECT, World, batch, configured


def test_a_large_incident_forgets_its_alerts_a_part_at_each_tick_until_all_are_gone() -> None:
    world, names = World(), [f"alert {place}" for place in range(AT_ONCE + 1)]
    world.append(
        0, configured(0, {PROJECT: {"forget_after": 300_000, "flap_window": 10_000, "incidents": [{"name": "all"}]}}, ())
    )
    world.append(1, batch(*({"title": name} for name in names)))
    world.append(2, batch(*({"title": name, "resolved": True} for name in names)))
    for second in (301, 302, 303, 304):
        world.tick(second)
    left = []
    for record in world.inbox:
        world.writer.take(record)
        left.append(len(world.writer.state.alerts))
    assert left == [0, len(names), len(names), len(names), 1, 0, 0]
