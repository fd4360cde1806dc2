"""Statuspage's contract: the files that real clients read."""

from __future__ import annotations

import json
from typing import Any

from sinks.statuspage.api import render_files
from sinks.statuspage.model import build_page
from tests.unit.sinks.statuspage.world import APPLIED, publication, published

MAJOR = publication("major", ("checkout",), "investigating", "monitoring")
MINOR = publication("minor", ("search",), "investigating", "resolved")
PAGE = build_page([published(1, MAJOR), published(2, MINOR)], APPLIED)


def read(name: str) -> Any:
    return json.loads(render_files(PAGE)[f"api/v2/{name}.json"])


def test_summary_has_statuspage_s_keys_and_only_unresolved_incidents() -> None:
    summary = read("summary")
    assert list(summary) == ["page", "status", "components", "incidents", "scheduled_maintenances"]
    assert summary["status"] == {"indicator": "major", "description": "Partial System Outage"}
    assert [one["status"] for one in summary["incidents"]] == ["monitoring"]


def test_incident_is_as_documented_field_by_field() -> None:
    (incident,) = read("summary")["incidents"]
    shown = PAGE.open_incidents[0]
    component = {
        "id": "checkout", "name": "Checkout", "status": "partial_outage", "created_at": "2026-12-06T12:00:00.000Z",
        "updated_at": "2027-01-15T12:01:00.000Z", "position": 1, "description": "Paying", "showcase": True, "start_date": None,
        "group_id": None, "page_id": PAGE.id, "group": False, "only_show_if_degraded": False,
    }  # fmt: skip
    updates = [
        {
            "id": update.id, "incident_id": shown.id, "status": status, "body": body, "created_at": at, "updated_at": at,
            "display_at": at, "affected_components": None, "deliver_notifications": True, "custom_tweet": None, "tweet_id": None,
        }
        for update, status, body, at in zip(
            shown.updates, ("monitoring", "investigating"), ("text 1", "text 0"),
            ("2027-01-15T12:01:00.000Z", "2027-01-15T12:00:00.000Z"), strict=True,
        )
    ]  # fmt: skip
    assert incident == {
        "id": shown.id, "name": "Checkout is slow", "status": "monitoring", "impact": "major",
        "created_at": "2027-01-15T12:00:00.000Z", "updated_at": "2027-01-15T12:01:00.000Z",
        "started_at": "2027-01-15T12:00:00.000Z", "monitoring_at": "2027-01-15T12:01:00.000Z", "resolved_at": None,
        "shortlink": f"https://status.example.com/incidents/{shown.id}", "page_id": PAGE.id, "incident_updates": updates,
        "components": [component], "reminder_intervals": None, "continues_in": None,
    }  # fmt: skip


def test_all_files_are_views_of_one_model() -> None:
    summary, incidents = read("summary"), read("incidents")["incidents"]
    assert summary["incidents"] == read("incidents/unresolved")["incidents"]
    assert summary["status"] == read("status")["status"]
    assert summary["components"] == read("components")["components"]
    assert [one for one in incidents if one["resolved_at"] is None] == summary["incidents"]
    assert len(incidents) == 2
    assert {json.dumps(read(name.removeprefix("api/v2/").removesuffix(".json"))["page"]) for name in render_files(PAGE)} == {
        json.dumps(summary["page"])
    }


def test_incidents_are_the_fifty_newest() -> None:
    page = build_page([published(number, publication(at=number)) for number in range(60)], APPLIED)
    found = json.loads(render_files(page)["api/v2/incidents.json"])["incidents"]
    assert (len(found), found[0]["created_at"]) == (50, "1970-01-01T00:00:00.059Z")


def test_merged_incident_is_unresolved_with_the_one_it_continues_in_and_names_it() -> None:
    merged = publication("major", ("checkout",), "investigating", "identified", title="Merged", continues_in="2")
    page = build_page(
        [published(1, merged), published(2, publication("minor", ("search",), "monitoring", title="Home"))], APPLIED
    )
    found = {one["name"]: one for one in json.loads(render_files(page)["api/v2/summary.json"])["incidents"]}
    home = found["Home"]
    assert found["Merged"]["continues_in"] == {"id": home["id"], "name": "Home", "shortlink": home["shortlink"]}
    assert (found["Merged"]["status"], home["continues_in"]) == ("monitoring", None)
