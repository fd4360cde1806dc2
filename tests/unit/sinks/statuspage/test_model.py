"""What the page shows of what was published."""

from __future__ import annotations

import pytest

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
