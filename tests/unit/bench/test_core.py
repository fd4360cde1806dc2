"""What the core's bench feeds is what it says: new events are created and open incidents, known ones are merged."""

from __future__ import annotations

from collections import Counter

from schemas.codec import encode
from schemas.records import Frame
from tests.bench.core import FRAME_EVENTS, Core


def outcomes(core: Core, frame: Frame) -> dict[str, int]:
    decisions = core.process(encode(frame))
    return Counter(event.outcome for outcome in decisions.outcomes for event in outcome.events)


def test_a_fresh_frame_is_created_and_a_known_one_merged() -> None:
    core = Core(projects=3, rules=20)
    core.fill(200)
    found = [outcomes(core, frame) for frame in (core.fresh_frame(), core.known_frame(5))]
    assert found == [{"created": FRAME_EVENTS}, {"merged": FRAME_EVENTS}]


def test_every_rule_gets_incidents_in_every_project() -> None:
    core = Core(projects=3, rules=20)
    core.fill(200)
    found = {(incident.project, incident.rule) for incident in core.state.incidents.values()}
    assert found == {(f"bench-{project}", f"rule {rule}") for project in range(3) for rule in range(10)}
