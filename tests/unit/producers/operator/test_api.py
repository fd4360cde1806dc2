"""The API's answers, over ASGI, with rows that the test plays."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from producers.operator.permissions import RULES
from schemas.errors import Unavailable
from tests.unit.producers.operator.client import ALERTS, INCIDENTS, Client, FakeDatabase, problem
from tests.unit.producers.operator.rows import ALERT_JSON, AT, AT_TEXT, INCIDENT_JSON, alert_row, entry_row, incident_row


def test_alerts_are_listed_with_no_next_page() -> None:
    client = Client(FakeDatabase({"alerts": [alert_row()]}))
    assert client.get(ALERTS).json() == {"items": [ALERT_JSON], "next": None}


def test_full_page_names_the_next_which_begins_after_its_last_row() -> None:
    rows = [alert_row(number=number, sort_key=f"k{number}") for number in (5, 6, 7)]
    client = Client(FakeDatabase({"alerts": rows}))
    page = client.get(f"{ALERTS}?sort=-severity&limit=2").json()
    assert [item["number"] for item in page["items"]] == [5, 6]
    client.get(f"{ALERTS}?sort=-severity&limit=2&cursor={page['next']}")
    first, second = (query.values for query in client.database.asked)
    assert {**second} == {**first, "after_key": "k6", "after_number": 6}


def test_one_alert_one_incident_and_its_timeline_are_shown() -> None:
    client = Client(FakeDatabase({"alerts": [alert_row()], "incidents": [incident_row()], "timeline": [entry_row(1)]}))
    assert client.get(f"{ALERTS}/7").json() == {**ALERT_JSON, "payload": {"a": 1}}
    assert client.get(f"{INCIDENTS}/1").json() == INCIDENT_JSON
    assert client.get(INCIDENTS).json() == {"items": [INCIDENT_JSON], "next": None}
    shown = {"at": AT_TEXT, "actor": "ada", "kind": "comment", "text": "Hm", "details": {"a": "b"}}
    assert client.get(f"{INCIDENTS}/1/timeline").json() == {"items": [shown], "next": None}


@pytest.mark.parametrize("path", [ALERTS, INCIDENTS])
def test_a_list_warns_of_a_filter_that_can_match_nothing(path: str) -> None:
    said = "severity=\"hihg\" matches nothing: there is no severity 'hihg'; did you mean 'high'?"
    assert Client().get(f'{path}?matcher=severity="hihg"').json() == {"items": [], "next": None, "warnings": [said]}
    assert Client().get(f'{path}?matcher=severity="warning"').json() == {"items": [], "next": None}


def test_a_filter_of_incidents_knows_their_statuses() -> None:
    assert "warnings" in Client().get(f'{INCIDENTS}?matcher=status="ignored"').json()
    assert "warnings" not in Client().get(f'{ALERTS}?matcher=status="ignored"').json()


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ("", ["triggered", "acknowledged", "resolved"]),
        ("?status=open", ["triggered", "acknowledged"]),
        ("?status=resolved&status=open&status=triggered", ["resolved", "triggered", "acknowledged"]),
        ("?status=ignored", ["ignored"]),
    ],
)
def test_ignored_alerts_are_listed_only_when_asked_for(query: str, statuses: list[str]) -> None:
    client = Client()
    client.get(f"{ALERTS}{query}")
    assert client.database.asked[-1].values["statuses"] == statuses


def test_other_filters_narrow_the_list_and_me_is_who_asks() -> None:
    client = Client()
    client.get(f"{ALERTS}?severity=high&severity=low&integration=prometheus&assignee=me&assignee=bob")
    values = client.database.asked[-1].values
    expected = {"severities": ["high", "low"], "integrations": ["prometheus"], "assignees": ["ada", "bob"]}
    assert {name: values[name] for name in expected} == expected


def test_entries_about_an_alert_say_which_incident_it_was_in() -> None:
    client = Client(FakeDatabase({"alerts": [alert_row()], "timeline": [entry_row(None), entry_row(1)]}))
    entry = {"at": AT_TEXT, "actor": "ada", "kind": "comment", "text": "Hm", "details": {"a": "b"}}
    expected = [{**entry, "incident": None}, {**entry, "incident": 1}]
    assert client.get(f"{ALERTS}/7/timeline").json() == {"items": expected, "next": None}


@pytest.mark.parametrize("path", [f"{INCIDENTS}/1/timeline", f"{ALERTS}/7/timeline"])
def test_timeline_is_narrowed_by_kind_actor_and_time(path: str) -> None:
    client = Client(FakeDatabase({"alerts": [alert_row()], "incidents": [incident_row()]}))
    client.get(
        f"{path}?kind=comment&kind=resolved&actor=me&actor=alert-bot&from=2026-01-02T03:04:05.6&to=2026-01-02T05:04:05%2B01:00"
    )
    values = client.database.asked[-1].values
    expected = {
        "kinds": ["comment", "resolved"], "actors": ["ada", "alert-bot"],
        "since": AT, "before": AT.replace(hour=4, microsecond=0),
    }  # fmt: skip
    assert {name: values[name] for name in expected} == expected


@pytest.mark.parametrize("token", [None, "wrong", ""])
@pytest.mark.parametrize("path", [ALERTS, "/api/v1/projects", "/api/v1/nowhere"])
def test_nobody_gets_past_without_a_token(path: str, token: str | None) -> None:
    response = Client().get(path, token)
    assert problem(response)[:2] == (401, "Unauthorized")
    assert response.headers["www-authenticate"] == 'Bearer realm="tocsin"'


def test_before_people_are_known_a_good_token_is_told_to_ask_again_and_not_that_it_is_wrong() -> None:
    response = Client(is_accepting=False).get(ALERTS)
    assert problem(response) == (
        503, "Not available now", "tocsin is starting and has not read its configuration yet. Ask again in a moment.",
    )  # fmt: skip
    assert "retry-after" in response.headers
    assert Client(is_accepting=False).get("/-/healthy").status_code == 200


def test_what_is_not_there_and_what_one_may_not_see_look_alike() -> None:
    client = Client(FakeDatabase({"alerts": [alert_row()]}))
    hidden = [
        client.get("/api/v1/projects/bank/alerts"),
        client.get("/api/v1/projects/bank/alerts/7"),
        client.get("/api/v1/projects/none/alerts"),
        client.get(f"{INCIDENTS}/1"),
        client.get(f"{INCIDENTS}/1/timeline"),
        client.get("/api/v1/nowhere"),
        client.get("/api/v1/projects/none/alerts", "root"),
    ]
    assert [problem(response) for response in hidden] == [(404, "Not found", "There is nothing here that you may see.")] * 7


def test_admin_sees_a_project_that_is_configured_no_more() -> None:
    client = Client(FakeDatabase({"projects": [{"?column?": 1}], "alerts": [alert_row()]}))
    assert client.get("/api/v1/projects/old/alerts", "root").status_code == 200


def test_projects_are_those_one_may_see() -> None:
    shop = {"project": "shop", "title": "Web shop", "role": "responder"}
    assert Client().get("/api/v1/projects").json() == {"items": [shop], "next": None}
    bank = {"project": "bank", "title": "bank", "role": "admin"}
    assert Client().get("/api/v1/projects", "root").json() == {"items": [bank, {**shop, "role": "admin"}], "next": None}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"{ALERTS}?status=closed", "status.0: Input should be"),
        (f"{ALERTS}?sort=title", "sort: Input should be"),
        (f"{ALERTS}?statsu=open", "statsu: Extra inputs are not permitted"),
        (f"{ALERTS}?limit=0", "limit: Input should be greater than or equal to 1"),
        (f"{ALERTS}?cursor=x", "The cursor is not one"),
        (f"{ALERTS}/0", "number: Input should be greater than or equal to 1"),
        (f"{ALERTS}/9223372036854775808", "number: Input should be less than or equal to 9223372036854775807"),
        (f"{INCIDENTS}?status=ignored", "status.0: Input should be"),
        (f"{ALERTS}?matcher=service", "matcher 'service', at character 8:"),
        (f"{ALERTS}?matcher=service=~%22(%22", "not a regular expression of RE2"),
        (f"{ALERTS}?from=yesterday", "from: Input should be a valid datetime"),
        (f"{INCIDENTS}/1/timeline?to=tomorrow", "to: Input should be a valid datetime"),
        (f"{INCIDENTS}/1/timeline?status=open", "status: Extra inputs are not permitted"),
        (f"{ALERTS}/counts?sort=number", "sort: Extra inputs are not permitted"),
        (f"{ALERTS}/counts?limit=1", "limit: Extra inputs are not permitted"),
    ],
)
def test_malformed_request_is_told_what_is_wrong(path: str, said: str) -> None:
    status, title, detail = problem(Client().get(path))
    assert (status, title) == (422, "Malformed")
    assert said in detail


def test_database_that_does_not_answer_is_503_and_not_ready() -> None:
    client = Client(FakeDatabase(error=Unavailable("PostgreSQL: gone")))
    with capture_logs() as logs:
        response = client.get(ALERTS)
    assert problem(response)[:2] == (503, "Not available now")
    assert response.headers["retry-after"] == "2"
    assert [line["event"] for line in logs] == ["database_unavailable"]
    assert client.get("/-/ready", None).status_code == 503
    assert client.get("/-/healthy", None).status_code == 200


def test_fault_of_ours_is_a_problem_too() -> None:
    client = Client(FakeDatabase(error=ZeroDivisionError("secret detail")))
    assert problem(client.get(ALERTS)) == (500, "Our fault", "The request met a fault in tocsin; it is in the log.")


def test_ready_and_the_description_of_the_api_need_no_token() -> None:
    assert Client().get("/-/ready", None).status_code == 200
    described = Client().get("/api/openapi.json", None).json()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in described.items() for method in methods} == {*RULES}


def test_method_that_a_path_does_not_take_is_a_problem() -> None:
    response = Client().ask("PUT", ALERTS)
    assert problem(response) == (405, "Method Not Allowed", "This path takes GET.")
    assert response.headers["allow"] == "GET"


def test_counts_of_a_search_say_of_what_there_is_more() -> None:
    rows = [
        {"status": "triggered", "count": 2000, "is_more": False}, {"status": "resolved", "count": 1000, "is_more": True},
    ]  # fmt: skip
    counts = Client(FakeDatabase({"alerts": rows})).get(f"{ALERTS}/counts?search=web").json()
    assert counts == {"triggered": 2000, "acknowledged": 0, "resolved": 1000, "ignored": 0, "more_than": ["resolved"]}


def test_counts_are_by_status_and_add_up_what_regular_expressions_keep() -> None:
    rows = [
        {"status": "triggered", "count": 3, "looked_at": ["web"]},
        {"status": "triggered", "count": 4, "looked_at": ["api"]},
        {"status": "ignored", "count": 5, "looked_at": ["webs"]},
        {"status": "resolved", "count": 6, "looked_at": ["other"]},
    ]
    client = Client(FakeDatabase({"alerts": rows}))
    none = {"triggered": 0, "acknowledged": 0, "resolved": 0, "ignored": 0}
    assert client.get(f"{ALERTS}/counts").json() == {**none, "triggered": 7, "ignored": 5, "resolved": 6}
    assert client.get(f"{ALERTS}/counts?matcher=service=~%22(web.?|api)%22").json() == {**none, "triggered": 7, "ignored": 5}


def test_a_list_is_narrowed_by_no_more_matchers_than_it_may() -> None:
    many = [("matcher", f'a=~"x{number}.*"') for number in range(6)]
    answer = Client().get(f"{ALERTS}?{urlencode(many)}")
    assert (answer.status_code, "at most 5 expressions, not 6" in answer.json()["detail"]) == (422, True)
