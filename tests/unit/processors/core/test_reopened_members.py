"""Incidents count their members also after a person reopened an alert of a resolved one. Not here: the commands themselves."""

from __future__ import annotations

import msgspec

from schemas.records import Command
from tests.world import PROJECT, World, batch, configured

RULES = {PROJECT: {"incidents": [{"name": "by service", "group_by": ["service"]}], "members": {"ada": "responder"}}}


def world_with_a_reopened_alert() -> World:
    world = World()
    world.append(0, configured(0, RULES), batch({"title": "A", "service": "db"}), batch({"title": "A", "resolved": True}))
    command(world, "alert", "reopen")
    return world


def command(world: World, target: str, verb: str, **arguments: int) -> None:
    asked = msgspec.json.encode(arguments)
    world.append(1, Command(PROJECT, f"c{len(world.inbox)}", "ada", verb, target, 1, asked))


def counts(world: World) -> list[tuple[int, int]]:
    return [(incident.firing, incident.total) for _, incident in sorted(world.run().incidents.items())]


def test_incident_that_is_reopened_counts_what_was_reopened_before() -> None:
    world = world_with_a_reopened_alert()
    command(world, "incident", "reopen")
    assert counts(world) == [(1, 1)]


def test_alert_that_fires_again_elsewhere_leaves_its_resolved_incident() -> None:
    world = world_with_a_reopened_alert()
    world.append(2, batch({"title": "B", "service": "db"}))
    world.append(3, batch({"title": "A", "service": "db"}))
    assert counts(world) == [(0, 0), (2, 2)]


def test_alert_that_is_unlinked_after_both_were_reopened_leaves_no_count_behind() -> None:
    world = world_with_a_reopened_alert()
    command(world, "incident", "reopen")
    command(world, "incident", "unlink-alert", alert=1)
    assert counts(world) == [(0, 0)]
