"""What the page shows of what was published."""

from __future__ import annotations

import msgspec
import pytest

from schemas.records import PublicUpdate
from schemas.sink_records import PublishedIncident
from sinks.follow_configuration import Applied
from sinks.statuspage.model import build_page
from tests.unit.sinks.statuspage.world import APPLIED, DAY, MINUTE, NOON, publication, published


def test_page_without_incidents_is_all_operational() -> None:
    page = build_page([], APPLIED)
    assert (page.indicator, page.description) == ("none", "All Systems Operational")
    assert [(one.name, one.status) for one in page.components] == [("Checkout", "operational"), ("Search", "operational")]
    assert page.updated_at == NOON - 40 * DAY


def test_page_without_a_configuration_is_a_page() -> None:
    page = build_page([], Applied())
    assert (page.title, page.components, page.description) == ("Status", (), "All Systems Operational")


@pytest.mark.parametrize(
    ("impact", "status", "description"),
    [
        ("critical", "major_outage", "Major Service Outage"),
        ("major", "partial_outage", "Partial System Outage"),
        ("minor", "degraded_performance", "Partially Degraded Service"),
        ("none", "operational", "All Systems Operational"),
    ],
)
def test_open_incident_s_impact_is_its_components_status_and_the_page_s_indicator(
    impact: str, status: str, description: str
) -> None:
    page = build_page([published(1, publication(impact))], APPLIED)
    assert [one.status for one in page.components] == [status, "operational"]
    assert (page.indicator, page.description) == (impact, description)


def test_worst_of_several_incidents_counts() -> None:
    page = build_page(
        [published(1, publication("minor")), published(2, publication("critical")), published(3, publication("major"))], APPLIED
    )
    assert (page.indicator, page.components[0].status) == ("critical", "major_outage")


def test_resolved_incident_leaves_its_component_operational_and_keeps_its_updates_newest_first() -> None:
    page = build_page([published(1, publication("critical", ("checkout",), "investigating", "monitoring", "resolved"))], APPLIED)
    (incident,) = page.incidents
    assert (page.indicator, page.open_incidents, page.components[0].status) == ("none", (), "operational")
    assert [update.text for update in incident.updates] == ["text 2", "text 1", "text 0"]
    assert (incident.monitoring_at, incident.resolved_at, incident.lasted) == (NOON + MINUTE, NOON + 2 * MINUTE, 2 * MINUTE)


def test_incident_that_came_back_is_open() -> None:
    page = build_page([published(1, publication("major", ("checkout",), "investigating", "resolved", "investigating"))], APPLIED)
    assert [one.is_open for one in page.incidents] == [True]


def test_what_was_taken_back_is_not_there() -> None:
    assert build_page([published(1, None)], APPLIED) == build_page([], APPLIED)


def test_component_that_is_no_longer_configured_is_left_out() -> None:
    (incident,) = build_page([published(1, publication("major", ("gone", "search")))], APPLIED).incidents
    assert [one.id for one in incident.components] == ["search"]


def test_order_of_what_was_read_does_not_matter() -> None:
    all_of_them = [published(number, publication(at=NOON + number % 3 * MINUTE)) for number in range(9)]
    assert build_page(all_of_them, APPLIED) == build_page(all_of_them[::-1], APPLIED)


def test_ids_are_the_same_each_time_and_tell_neither_project_nor_number() -> None:
    incident = PublishedIncident("secret-project", 987654, 5, publication())
    first, second = (build_page([incident], APPLIED).incidents[0] for _ in range(2))
    assert first.id == second.id
    assert "987654" not in first.id + first.updates[0].id
    assert first.id != build_page([published(987654, publication())], APPLIED).incidents[0].id


def test_entry_that_another_incident_has_taken_over_keeps_its_id() -> None:
    before, after = (
        build_page([one], APPLIED).incidents[0] for one in (published(1, publication()), published(7, publication(), "1"))
    )
    assert after == before


def test_merged_incident_is_open_as_long_as_the_last_one_that_it_continues_in() -> None:
    def build(*last: str) -> list[tuple[str, str, bool]]:
        page = build_page(
            [
                published(1, publication("major", ("checkout",), "investigating", title="a", continues_in="2")),
                published(2, publication("major", ("checkout",), "identified", title="b", continues_in="3", at=NOON - 1)),
                published(3, publication("minor", ("search",), *last, title="c", at=NOON - 2)),
            ],
            APPLIED,
        )
        assert {one.continues_in.title for one in page.incidents if one.continues_in} == {"c"}
        return [(one.title, one.status, one.is_open) for one in page.incidents]

    assert build("monitoring") == [("a", "monitoring", True), ("b", "monitoring", True), ("c", "monitoring", True)]
    assert build("monitoring", "resolved") == [("a", "resolved", False), ("b", "resolved", False), ("c", "resolved", False)]


def test_merged_incident_neither_counts_twice_nor_makes_its_components_worse_than_the_one_it_continues_in() -> None:
    merged = publication("critical", ("checkout",), title="a", continues_in="2")
    page = build_page([published(1, merged), published(2, publication("minor", ("checkout", "search")))], APPLIED)
    assert (page.indicator, [one.status for one in page.components]) == ("minor", ["degraded_performance"] * 2)
    assert (len(page.open_incidents), len(page.unresolved)) == (1, 2)


def test_merged_incident_has_changed_when_the_one_it_continues_in_has() -> None:
    merged = publication("major", ("checkout",), title="a", continues_in="2")
    page = build_page([published(1, merged), published(2, publication("major", (), "investigating", "monitoring"))], APPLIED)
    assert [one.updated_at for one in page.incidents] == [NOON + MINUTE] * 2


def test_merged_incident_whose_continuation_is_not_on_the_page_has_ended() -> None:
    merged = publication("major", ("checkout",), "investigating", "identified", continues_in="2")
    (incident,) = build_page([published(1, merged), published(2, None)], APPLIED).incidents
    assert (incident.status, incident.resolved_at, incident.continues_in) == ("resolved", NOON + MINUTE, None)


def test_entries_that_continue_in_each_other_make_a_page_all_the_same() -> None:
    round_and_round = [published(1, publication(continues_in="2")), published(2, publication(continues_in="1"))]
    assert [one.is_open for one in build_page(round_and_round, APPLIED).incidents] == [False, False]


def test_update_keeps_its_id_when_those_before_it_are_dropped() -> None:
    long = publication("major", ("checkout",), "investigating", "resolved", "investigating", "monitoring")
    short = msgspec.structs.replace(long, updates=[long.updates[0], *long.updates[2:]])
    ids = [
        {update.text: update.id for update in build_page([published(1, one)], APPLIED).incidents[0].updates}
        for one in (long, short)
    ]
    assert ids[1] == {text: id for text, id in ids[0].items() if text != "text 1"}


def test_updates_of_one_moment_and_status_have_ids_of_their_own() -> None:
    twice = msgspec.structs.replace(publication(), updates=[PublicUpdate(NOON, "monitoring", text) for text in "ab"])
    assert len({update.id for update in build_page([published(1, twice)], APPLIED).incidents[0].updates}) == 2


def test_no_secret_of_a_link_is_shown_whoever_wrote_it_and_whenever() -> None:
    said = PublicUpdate(NOON, "investigating", "join zoom.us:443/j/1?pwd=S3cr3t, or https://ada:S3cr3t@example.com/")
    shown = msgspec.structs.replace(publication("major"), title="Down, see https://zoom.us/j/1?pwd=S3cr3t", updates=[said])
    (incident,) = build_page([published(1, shown)], APPLIED).incidents
    assert (incident.title, incident.updates[0].text) == (
        "Down, see https://zoom.us/j/1",
        "join zoom.us:443/j/1, or https://example.com/",
    )
