"""Lists of the operator door on real PostgreSQL and Kafka: sorted, narrowed, and read from indexes."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest

from producers.operator.narrowing import ALERTS, Filters, narrow
from producers.operator.paging import Sort
from producers.operator.queries import ALERT_SORTS, Scope, list_alerts
from schemas.matchers import parse_matchers
from schemas.settings import Address, Settings
from tests.integration.producers.operator.door import (
    ALERT,
    INCIDENT,
    TIMELINE,
    Asking,
    Database,
    alert,
    apply,
    fill_for_filters,
    fill_many,
)
from tests.running_process import running_process
from tests.servers import wait_until
from tocsin.embedded import ports


def test_lists_sort_and_filter_a_page_at_a_time(asking: Asking, database: Database) -> None:
    rows = [
        alert(1, "low", start="2026-01-01T10:00:00Z", events=3, assignees=["ada"]),
        alert(2, "critical", "acknowledged", start="2026-01-01T08:00:00Z", events=1),
        alert(3, "info", "resolved", start="2026-01-01T09:00:00Z", ended_at="2026-01-01T09:30:00Z", events=2),
        alert(4, "critical", "ignored", start="2026-01-01T08:00:00.000001Z", events=9, assignees=["bob", "ada"]),
        alert(1, project="bank"),
    ]
    with database.cursor() as cursor:
        cursor.executemany(ALERT, rows)
    everything = "status=open&status=resolved&status=ignored&limit=1&"
    listed = {sort: asking.numbers(f"alerts?{everything}sort={sort}") for sort in ("number", "started_at", "events", "severity")}
    assert listed == {"number": [1, 2, 3, 4], "started_at": [2, 4, 3, 1], "events": [2, 3, 1, 4], "severity": [3, 1, 2, 4]}
    backwards = {sort: asking.numbers(f"alerts?{everything}sort=-{sort}") for sort in listed}
    assert backwards == {sort: numbers[::-1] for sort, numbers in listed.items()}
    assert asking.numbers(f"alerts?{everything}sort=ended_at") == [3, 1, 2, 4]
    assert asking.numbers(f"alerts?{everything}sort=-status") == [1, 2, 3, 4]
    assert asking.numbers(f"alerts?{everything}sort=-urgency") == [2, 1, 3, 4]
    assert asking.numbers(f"alerts?{everything}sort=urgency") == [4, 3, 1, 2]
    assert asking.numbers("alerts?limit=2") == [1, 3, 2]
    assert asking.numbers("alerts?status=open&sort=-number") == [2, 1]
    assert asking.numbers("alerts?status=open&status=ignored&assignee=me&sort=number") == [1, 4]
    assert asking.numbers("alerts?severity=info&severity=low&sort=number") == [1, 3]


def found(asking: Asking, name: str, *values: str, path: str = "alerts") -> list[int]:
    said = "&".join(f"{name}={quote(value)}" for value in values)
    return asking.numbers(f"{path}?sort=number&limit=1&{said}")


def test_matchers_find_what_they_would_silence(asking: Asking, database: Database) -> None:
    fill_for_filters(database)
    expected = {
        'service="web"': [1],
        'service!="web"': [2, 3, 4, 5],
        'service=""': [4],
        'labels.service="label"': [1],
        'service=~"web"': [1],
        'service=~"web.*"': [1, 5],
        'service!~"(?i)web.?"': [2, 4],
        'team=""': [3, 4],
        'team=~"a|b"': [1, 2],
        'team!~"a.*"': [2, 3, 4],
        'alertname="alert 3"': [3],
        'alertname=~"Dow(n)"': [2],
        """team="' OR true --"
""": [],
        '{team=~"a.*", service!="web"}': [5],
        'status="triggered"': [1, 2, 3, 4, 5],
    }
    assert {matcher: found(asking, "matcher", matcher) for matcher in expected} == expected
    assert found(asking, "matcher", 'team=~".+"', 'service=~"web.*"', 'integration="generic"') == [1, 5]


def test_search_finds_a_part_of_four_fields_in_any_case_and_literally(asking: Asking, database: Database) -> None:
    fill_for_filters(database)
    expected = {
        "WEB": [1, 3, 5], "0%": [1], "a_b": [3], "a\\B": [5], "ärger": [5], "prometh": [2], "ALERT 4": [4], "": [1, 2, 3, 4, 5],
    }  # fmt: skip
    assert {text: found(asking, "search", text) for text in expected} == expected
    assert asking.numbers('alerts?search=web&matcher=team="a"&severity=high&status=open') == [1]


def test_from_and_to_are_the_start_of_alerts_and_of_incidents(asking: Asking, database: Database) -> None:
    fill_for_filters(database)
    assert asking.numbers("alerts?sort=number&from=2026-01-01T00:00:02Z&to=2026-01-01T01:00:04%2B01:00") == [2, 3]
    assert asking.numbers("alerts?sort=number&from=2026-01-01T00:00:05") == [5]
    for number in (1, 2, 3):
        database.execute(INCIDENT, (number, "triggered", f"2026-01-0{number}", "alert-bot", [], False))
    assert asking.numbers("incidents?sort=number&from=2026-01-02&to=2026-01-03") == [2]
    assert found(asking, "matcher", 'service=~"we.+"', path="incidents") == []
    database.execute('UPDATE tocsin.incidents SET service = \'web\', group_values = \'[{"name": "team", "value": "a"}]\'')
    assert found(asking, "matcher", 'service=~"we.+"', 'team="a"', path="incidents") == [1, 2, 3]
    assert found(asking, "search", "WE", path="incidents") == [1, 2, 3]


@pytest.mark.parametrize("matcher", ["", '&matcher=title=~"alert [0-9]%2B"'])
def test_pages_neither_skip_nor_repeat_while_alerts_are_added(asking: Asking, database: Database, matcher: str) -> None:
    path, listed, cursor = "/api/v1/projects/shop/alerts?limit=2", list[int](), ""
    with database.cursor() as cursor_of_rows:
        cursor_of_rows.executemany(ALERT, [alert(number, start="2026-01-01T00:00:00Z") for number in range(1, 6)])
    for added in (10, 11, 12):
        page = asking.get(f"{path}{matcher}{cursor}").raise_for_status().json()
        listed += [item["number"] for item in page["items"]]
        cursor = f"&cursor={page['next']}"
        database.execute(ALERT, alert(added, start="2026-01-01T00:00:00Z"))
    assert (listed, page["next"]) == ([5, 4, 3, 2, 1], None)


@pytest.mark.parametrize("sort", sorted({*ALERT_SORTS} - {"events"}))
@pytest.mark.parametrize("is_descending", [True, False])
@pytest.mark.parametrize("statuses", [("triggered", "acknowledged"), ("triggered", "acknowledged", "resolved")])
def test_lists_are_read_in_the_order_of_an_index(
    database: Database, sort: str, is_descending: bool, statuses: tuple[str, ...]
) -> None:
    """A list that is sorted takes longer the more alerts there are; and so does one that has to pass over what is resolved."""
    fill_many(database)
    narrowing = narrow(ALERTS, "a", Filters(statuses=statuses))
    query = list_alerts(Scope("shop", "ada", True), narrowing, Sort(sort, is_descending), None, 10)
    plan = [line for (line,) in database.execute("EXPLAIN ANALYZE " + query.text, query.values)]
    assert not [line for line in plan if "Sort Key" in line or "Seq Scan" in line or passes_over(line) > 1000], plan


def passes_over(line: str) -> int:
    found = re.search(r"Rows Removed by Filter: (\d+)", line)
    return int(found[1]) if found else 0


def test_of_the_order_by_events_only_what_is_not_resolved_is_sorted(database: Database) -> None:
    fill_many(database)
    query = list_alerts(Scope("shop", "ada", True), narrow(ALERTS, "a", Filters()), Sort("events", True), None, 10)
    plan = "\n".join(line for (line,) in database.execute("EXPLAIN ANALYZE " + query.text, query.values))
    assert "alerts_final_events" in plan
    assert "Seq Scan" not in plan
    assert max(int(count) for count in re.findall(r"actual time=\S+ rows=(\d+)", plan)) == 180, plan


@pytest.mark.parametrize("sort", ["events", "-events"])
def test_the_order_by_events_goes_through_resolved_and_open_alike(asking: Asking, database: Database, sort: str) -> None:
    events = {number: number * 7 % 5 for number in range(1, 21)}
    with database.cursor() as cursor:
        cursor.executemany(ALERT, [alert(number) for number in events])
        cursor.executemany(
            "UPDATE tocsin.alerts SET events = %s WHERE number = %s", [(count, one) for one, count in events.items()]
        )
    database.execute("UPDATE tocsin.alerts SET status = 'resolved' WHERE number % 3 > 0")
    expected = sorted(events, key=lambda number: (events[number], number), reverse=sort == "-events")
    assert asking.numbers(f"alerts?limit=3&sort={sort}") == expected


def test_what_is_found_seldom_is_found_by_an_index(database: Database) -> None:
    fill_many(database)
    database.execute("SET enable_seqscan = off")  # of so few alerts it would rather read all than those of two indexes
    sought = {
        "alerts_assignees": Filters(assignees=["ada"]),
        "alerts_labels": Filters(matchers=parse_matchers('team="a"')),
        "alerts_searched": Filters(matchers=parse_matchers('alertname="nowhere"')),
        "alerts_severity": Filters(severities=["unknown"]),
        "alerts_service": Filters(matchers=parse_matchers('service="nowhere"')),
    }
    for index, filters in sought.items():
        query = list_alerts(Scope("shop", "ada", True), narrow(ALERTS, "a", filters), Sort("number", True), None, 10)
        plan = "\n".join(line for (line,) in database.execute("EXPLAIN " + query.text, query.values))
        assert index in plan, plan


def test_one_alert_comes_with_its_payload_as_received(asking: Asking, database: Database) -> None:
    payload = b'{"b":  1.50, "a": [true]}'
    database.execute(ALERT, alert(1))
    database.execute("INSERT INTO tocsin.payloads VALUES ('shop', 1, %s)", [payload])
    answer = asking.get("/api/v1/projects/shop/alerts/1")
    assert b'"payload":' + payload in answer.content
    assert answer.json()["started_at"] == "2026-01-01T00:00:01.000Z"
    assert "payload" not in asking.get("/api/v1/projects/shop/alerts").json()["items"][0]


def test_confidential_incident_and_its_alerts_are_seen_by_those_concerned(
    asking: Asking, database: psycopg.Connection[Any]
) -> None:
    database.execute(INCIDENT, (1, "triggered", "2026-01-01", "alert-bot", ["carl"], True))
    database.execute(INCIDENT, (2, "triggered", "2026-01-02", "alert-bot", [], False))
    with database.cursor() as cursor:
        cursor.executemany(ALERT, [alert(1, incident=1), alert(2, incident=2), alert(3)])
    seen = {token: asking.numbers("incidents?sort=number", token) for token in ("ada", "bob", "carl", "local-token")}
    assert seen == {"ada": [1, 2], "bob": [2], "carl": [1, 2], "local-token": [1, 2]}
    alerts = {token: asking.numbers("alerts?sort=number", token) for token in seen}
    assert alerts == {"ada": [1, 2, 3], "bob": [2, 3], "carl": [1, 2, 3], "local-token": [1, 2, 3]}
    paths = ("incidents/1", "incidents/1/timeline", "alerts/1")
    assert [asking.get(f"/api/v1/projects/shop/{path}", "bob").status_code for path in paths] == [404, 404, 404]
    assert [asking.get(f"/api/v1/projects/shop/{path}", "carl").status_code for path in paths] == [200, 200, 200]
    assert asking.get("/api/v1/projects/shop/alerts", "eve").status_code == 404
    assert asking.get("/api/v1/projects/shop/alerts", "nobody").status_code == 401


def test_timeline_is_ordered_by_time_then_number(asking: Asking, database: Database) -> None:
    database.execute(INCIDENT, (1, "resolved", "2026-01-01", "alert-bot", [], False))
    with database.cursor() as cursor:
        at = ["2026-01-01T00:00:02Z", "2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z"]
        cursor.executemany(TIMELINE, [(1, number, when, f"entry {number}") for number, when in enumerate(at, 1)])
    first = asking.get("/api/v1/projects/shop/incidents/1/timeline?limit=2").json()
    second = asking.get(f"/api/v1/projects/shop/incidents/1/timeline?limit=2&cursor={first['next']}").json()
    assert [item["text"] for item in first["items"] + second["items"]] == ["entry 2", "entry 1", "entry 3"]
    assert second["next"] is None


def test_timeline_is_narrowed_by_kind_actor_and_time_a_page_at_a_time(asking: Asking, database: Database) -> None:
    database.execute(INCIDENT, (1, "resolved", "2026-01-01", "alert-bot", [], False))
    happened = [("alert-bot", "opened"), ("ada", "comment"), ("bob", "comment"), ("alert-bot", "resolved"), ("ada", "reopened")]
    with database.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tocsin.timeline (project, incident, number, at, actor, kind, text, details, inbox_offset, inbox_index)"
            " VALUES ('shop', 1, %s, timestamptz '2026-01-01T00:00Z' + %s * interval '1 min', %s, %s, %s, '{}', 0, 0)",
            [(number, number, actor, kind, str(number)) for number, (actor, kind) in enumerate(happened, 1)],
        )
    expected = {
        "kind=comment": ["2", "3"], "kind=comment&kind=opened": ["1", "2", "3"], "actor=me": ["2", "5"], "kind=%27": [],
        "actor=me&actor=alert-bot&kind=resolved&kind=reopened": ["4", "5"], "from=2026-01-01T00:04": ["4", "5"],
        "from=2026-01-01T00:01:00.001Z&to=2026-01-01T01:03:00%2B01:00": ["2"],
    }  # fmt: skip
    assert {said: asking.all(f"incidents/1/timeline?limit=1&{said}", "text") for said in expected} == expected


def test_unreadable_sort_key_in_a_cursor_is_malformed(asking: Asking) -> None:
    forged = "WyItc3RhcnRlZF9hdCIsInllc3RlcmRheXMiLDFd"  # ["-started_at","yesterdays",1]
    answer = asking.get(f"/api/v1/projects/shop/alerts?cursor={forged}")
    assert (answer.status_code, answer.json()["title"]) == (422, "Malformed")


def test_new_configuration_counts_without_a_restart(asking: Asking, settings: Settings) -> None:
    assert asking.get("/api/v1/projects", "dora").json()["items"] == []
    apply(settings, "ada: responder, bob: viewer, carl: viewer, dora: viewer")
    shop = {"project": "shop", "title": "Web shop", "role": "viewer"}
    wait_until(lambda: asking.get("/api/v1/projects", "dora").json()["items"] == [shop], "dora sees the shop")


def test_stop_leaves_cleanly(settings: Settings, tmp_path: Path) -> None:
    other = dataclasses.replace(settings, operator_listen=Address("127.0.0.1", ports.any_free(frozenset())))
    with running_process("operator", other, tmp_path / "log") as running:
        client = Asking(other)
        wait_until(client.is_ready, "the door is ready")
        assert running.stop() == 0
        client.close()
    assert "operator_stopped" in running.output()
    assert "Traceback" not in running.output()


def test_door_waits_for_a_database_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    listen = Address("127.0.0.1", ports.any_free(frozenset()))
    gone = dataclasses.replace(settings, operator_listen=listen, database_url="postgresql://127.0.0.1:1/none")
    with running_process("operator", gone, tmp_path / "log") as running:
        client = Asking(gone)

        def answers() -> int:
            try:
                return client.get("/api/v1/projects/shop/alerts").status_code
            except httpx.TransportError:
                return 0

        wait_until(lambda: answers() == 503, "the door answers 503")
        assert not client.is_ready()
        client.close()
        assert running.stop() == 0
