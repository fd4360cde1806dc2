"""From the journal to the page: only what was published, the newest of it, and again after any loss."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from schemas.chain import Position
from schemas.codec import encode
from schemas.configuration import StatusPage
from schemas.errors import Unavailable
from schemas.records import Entry, Forgetting, ForgettingSection, Publication
from sinks.follow_configuration import Applied
from sinks.sink import Assignment, JournalEntry, Superseded
from sinks.statuspage.publish import Publisher
from sinks.statuspage.sink import StatusPageSink
from sinks.statuspage.store import PublishedStore
from tests.fakes.stores import Configured, MemoryStore
from tests.unit.sinks.slack.world import batch, entry, incident
from tests.unit.sinks.statuspage.world import APPLIED, DAY, NOON, publication

SECRETS = {
    "description": "secret-d",
    "service": "secret-s",
    "runbook": "https://secret-r",
    "zoom": "https://secret-z",
    "author": "secret-a",
}


@dataclass
class PageWorld:
    directory: Path
    store: MemoryStore = field(default_factory=MemoryStore)
    configured: Configured = field(default_factory=lambda: Configured(APPLIED))
    now: int = NOON

    def start(self, partitions: tuple[int, ...] = (0, 1)) -> StatusPageSink:
        sink = StatusPageSink(self.configured, PublishedStore(self.store), Publisher(self.directory), lambda: self.now)
        sink.assign(Assignment(partitions, UUID(int=1)))
        return sink

    def titles(self) -> list[tuple[str, str]]:
        return [(one["name"], one["status"]) for one in self.read("incidents")["incidents"]]

    def read(self, name: str) -> Any:
        return json.loads((self.directory / f"current/api/v2/{name}.json").read_text())


@pytest.fixture
def world(tmp_path: Path) -> PageWorld:
    return PageWorld(tmp_path / "page")


def shown(version: int, published: Publication | None, **changes: Any) -> Any:
    return batch(entry([incident(version=version, published=published, **changes)], offset=version))


def test_page_is_there_before_the_first_incident(world: PageWorld) -> None:
    world.start()
    assert world.read("status")["status"]["description"] == "All Systems Operational"


def test_published_incident_is_on_the_page_and_an_unpublished_one_is_not(world: PageWorld) -> None:
    sink = world.start()
    sink.deliver(shown(1, None))
    assert world.titles() == []
    sink.deliver(shown(2, publication()))
    assert world.titles() == [("Checkout is slow", "investigating")]


def test_nothing_but_the_publication_reaches_the_page(world: PageWorld) -> None:
    world.start().deliver(shown(2, publication(), title="secret-t", project="secret-p", **SECRETS))
    everything = b"".join(file.read_bytes() for file in (world.directory / "current").resolve().rglob("*") if file.is_file())
    names = " ".join(str(file) for file in world.directory.rglob("*"))
    assert b"secret" not in everything
    assert "secret" not in names


def test_what_is_taken_back_is_gone_and_an_older_state_does_not_bring_it_back(world: PageWorld) -> None:
    sink = world.start()
    for version, published in ((2, publication()), (3, None), (2, publication())):
        sink.deliver(shown(version, published))
    assert world.titles() == []
    world.start().deliver(shown(2, publication()))
    assert world.titles() == []


def taken_over(offset: int = 9, **changes: Any) -> Any:
    """The entry of incident 12 goes on as that of incident 13."""
    before = incident(version=3, offset=offset, published=None, page_entry="")
    after = incident(number=13, version=2, offset=offset, published=publication(**changes), page_entry="12")
    return batch(entry([before, after], offset=offset))


def forgotten(number: str) -> JournalEntry:
    part = Entry("w", "1", 9, 10, 11, forgettings=encode(ForgettingSection([Forgetting("shop", "incident", number)])))
    return JournalEntry(0, Position(10, 11), (part,), False)


def test_entry_that_is_taken_over_stays_at_its_address_and_its_old_incident_no_longer_changes_it(world: PageWorld) -> None:
    sink = world.start()
    sink.deliver(shown(2, publication(), offset=5, page_entry="12"))
    (before,) = world.read("incidents")["incidents"]
    sink.deliver(taken_over(title="Search too"))
    sink.deliver(shown(2, publication(), offset=5, page_entry="12"))
    (after,) = world.read("incidents")["incidents"]
    assert (after["id"], before["name"], after["name"]) == (before["id"], "Checkout is slow", "Search too")


def test_entry_that_is_taken_over_is_one_record_so_that_it_is_never_missing_in_between(world: PageWorld) -> None:
    sink = world.start()
    sink.deliver(shown(2, publication(), offset=5, page_entry="12"))
    sink.deliver(taken_over())
    assert list(world.store.values) == ["incident/shop/12"]


def test_entry_is_forgotten_with_the_incident_that_has_it_and_not_with_the_one_that_had_it(world: PageWorld) -> None:
    sink = world.start()
    sink.deliver(shown(2, publication(), offset=5, page_entry="12"))
    sink.deliver(taken_over())
    for number, left in (("12", 1), ("13", 0)):
        sink.deliver(batch(forgotten(number)))
        sink.tend()
        assert len(world.titles()) == left


def test_restart_with_a_lost_directory_makes_the_page_from_the_topic(world: PageWorld) -> None:
    world.start().deliver(shown(2, publication()))
    shutil.rmtree(world.directory)
    world.start()
    assert world.titles() == [("Checkout is slow", "investigating")]


def test_directory_that_is_lost_while_running_is_filled_again(world: PageWorld) -> None:
    sink = world.start()
    sink.deliver(shown(2, publication()))
    shutil.rmtree(world.directory)
    sink.tend()
    assert world.titles() == [("Checkout is slow", "investigating")]


def test_change_that_the_public_does_not_see_publishes_nothing(world: PageWorld) -> None:
    sink = world.start()
    sink.deliver(shown(2, publication()))
    before = (world.directory / "current").resolve()
    for version in range(3, 20):
        sink.deliver(shown(version, publication(), firing=version))
        sink.tend()
    assert (world.directory / "current").resolve() == before


def test_publication_is_safe_before_it_is_shown(world: PageWorld) -> None:
    sink = world.start()
    world.store.fail_at = 1
    with pytest.raises(Superseded):
        sink.deliver(shown(2, publication()))
    assert world.titles() == []


def test_history_is_shown_as_it_is_in_the_end_and_not_on_its_way(world: PageWorld) -> None:
    sink = world.start()
    for version, status in ((2, "investigating"), (3, "identified")):
        sink.deliver(batch(entry([incident(version=version, published=publication("major", (), status))], is_history=True)))
        assert world.titles() == []
    sink.tend()
    assert world.titles() == [("Checkout is slow", "identified")]


def test_new_configuration_is_shown_within_a_tend(world: PageWorld) -> None:
    sink = world.start()
    configuration = msgspec.structs.replace(APPLIED.configuration, status_page=StatusPage(title="Renamed", url="https://new"))
    world.configured.current = Applied(configuration, 4, NOON)
    sink.tend()
    assert world.read("summary")["page"]["name"] == "Renamed"


def test_old_incident_leaves_the_front_page_at_midnight(world: PageWorld) -> None:
    sink = world.start()
    sink.deliver(shown(2, publication("major", (), "investigating", "resolved")))
    index = world.directory / "current/index.html"
    assert "Checkout is slow" in index.read_text()
    world.now += 15 * DAY
    sink.tend()
    assert "Checkout is slow" not in index.read_text()


def test_second_process_waits_and_touches_nothing(world: PageWorld) -> None:
    world.start(partitions=()).tend()
    assert not world.directory.exists()


def test_store_that_does_not_answer_is_asked_again(world: PageWorld) -> None:
    world.store.is_reachable = False
    with pytest.raises(Unavailable):
        world.start()


def test_configured_page_without_components_still_names_the_incident(world: PageWorld) -> None:
    world.configured.current = replace(APPLIED, configuration=msgspec.structs.replace(APPLIED.configuration, status_page=None))
    world.start().deliver(shown(2, publication()))
    assert (world.read("status")["status"]["indicator"], world.titles()[0][1]) == ("major", "investigating")
