"""What is noted about integrations: only what is wanted and worth it, and nothing of those that are gone."""

from __future__ import annotations

from processors.core.state import State
from processors.core.step import process_record
from schemas.codec import encode
from schemas.records import AlertBatch, Complaint, Frame, FrameItem, Noted
from tests.world import EPOCH, PROJECT, batch, configured


class Core:
    """A state and the records that it has taken."""

    def __init__(self, *integrations: str, **settings: object) -> None:
        self.state = State()
        self.offset = -1
        self.configure(*integrations, **settings)

    def configure(self, *integrations: str, **settings: object) -> None:
        found = {name: {"format": "alertmanager", **settings} for name in integrations}
        self.take(configured(self.offset + 1, {PROJECT: {"integrations": found}}))

    def take(self, item: FrameItem) -> None:
        self.offset += 1
        process_record(self.state, self.offset, EPOCH + self.offset, encode(Frame([item])))

    def complain(self, integration: str, kind: str = "malformed", count: int = 1) -> None:
        self.take(AlertBatch(PROJECT, integration, "", "unknown", "", 0, [], complaints=[Complaint(kind, count, "text")]))

    @property
    def noted(self) -> list[tuple[str, str, int]]:
        return [(one.integration, one.kind, one.count) for one in self.state.project(PROJECT).noted]


def test_what_is_noted_of_a_kind_is_one_entry_that_counts_on() -> None:
    core = Core("a", "b")
    for integration in "aba":
        core.complain(integration, count=2)
    core.complain("a", "clock")
    assert core.noted == [("a", "malformed", 4), ("b", "malformed", 2), ("a", "clock", 1)]
    assert core.state.project(PROJECT).noted[0] == Noted("a", "malformed", 4, EPOCH + 1, EPOCH + 3, "text", EPOCH + 1)


def test_nothing_is_noted_with_self_alerts_off_or_of_an_integration_that_is_not_there() -> None:
    core = Core("a", self_alerts=False)
    core.complain("a")
    core.complain("gone")
    core.take(batch({"refused": "no labels"}, {"title": "A", "resolved": True}, integration="a"))
    assert core.noted == []


def test_what_was_noted_of_an_integration_that_is_gone_goes_with_the_next_note() -> None:
    core = Core("a", "b")
    core.complain("a")
    core.configure("b")
    core.complain("b")
    assert core.noted == [("b", "malformed", 1)]


def test_an_integration_has_fired_once_and_is_not_looked_at_again() -> None:
    core = Core("a")
    core.take(batch({"title": "A", "resolved": True}, integration="a"))
    assert core.noted == [("a", "unmatched", 1)]
    core.take(batch({"title": "A"}, integration="a"))
    core.take(batch({"title": "A"}, {"title": "B", "resolved": True}, integration="a"))
    assert (core.state.project(PROJECT).fired, core.noted) == (["a"], [])
