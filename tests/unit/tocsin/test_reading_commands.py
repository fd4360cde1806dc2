"""`tocsin alert` and `tocsin incident`: what is asked of the operator API, and how its answers look on a terminal."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import httpx
import pytest
from typer.testing import CliRunner, Result

from schemas.errors import Unavailable
from tocsin.asking import Asking
from tocsin.cli.main import app
from tocsin.read_api import Alerts, Incidents, OneAlert, OneIncident, query_of, read, with_timeline
from tocsin.show import render_alert, render_alerts, render_incident, render_incidents
from tocsin.terminal import Terminal, millis_of

AT = "2026-11-24T08:00:00.000Z"
NOW = millis_of(AT) + 300_000
PLAIN = Terminal()
MATCHER = 'service=~"web|api"'


TIMELINE: list[dict[str, Any]] = [
    {"at": AT, "actor": "ada", "kind": "comment", "text": "Looking", "details": {}, "incident": None},
    {"at": AT, "actor": "alert-bot", "kind": "alert_joined", "text": "alert #12 joined", "details": {}, "incident": 3},
]


def alert(number: int = 12, **said: Any) -> dict[str, Any]:
    return {
        "project": "shop", "number": number, "version": 1, "title": "Checkout is down", "description": None,
        "severity": "critical", "status": "triggered", "events": 1234,
        "started_at": AT, "ended_at": None, "first_seen_at": AT, "last_seen_at": AT,
        "fingerprint": "f1", "integration": "uptime", "service": "checkout", "monitoring_tool": None, "hosts": ["web-1", "web-2"],
        "environment": None, "labels": {"team": "shop"}, "annotations": {}, "links": [{"kind": "url", "url": "https://x.example"}],
        "query": None, "incident": 3, "previous": None, "assignees": [], "suppressed_by": None, "flapping": False,
        "end_reason": None, **said,
    }  # fmt: skip


def incident(**said: Any) -> dict[str, Any]:
    return {
        "project": "shop", "number": 3, "version": 1, "title": "Checkout is down", "description": "a\nb", "severity": "high",
        "status": "acknowledged", "rule": "by service", "group": {"service": "checkout"}, "alerts": {"firing": 2, "total": 3},
        "created_at": AT, "acknowledged_at": AT, "resolved_at": None, "author": "alert-bot", "assignees": ["ada", "bob"],
        "zoom": None, "links": [], "confidential": False, "published": None, "merged_into": None, "sla_missed": False,
        "end_reason": None, **said,
    }  # fmt: skip


def page(*items: dict[str, Any], cursor: str | None = None) -> bytes:
    return json.dumps({"items": items, "next": cursor}).encode()


def test_alerts_are_a_table_with_the_severity_at_its_left_edge() -> None:
    muted = alert(7, severity="low", title="Disk", events=1, service=None, incident=None, flapping=True,
                  suppressed_by={"kind": "silence", "id": "4"})  # fmt: skip
    shown = render_alerts(read(page(alert(), muted), Alerts), "shop", PLAIN, NOW, is_filtered=False)
    assert shown.splitlines() == [
        "severity     #  title             status                                   events  service   started    incident",
        "▲ critical  12  Checkout is down  triggered                                 1,234  checkout  5 min ago  #3",
        "■ low        7  Disk              triggered, muted by silence 4, flapping       1  –         5 min ago  –",
    ]


def test_incidents_are_a_table_with_their_firing_alerts() -> None:
    shown = render_incidents(read(page(incident(), cursor="next"), Incidents), "shop", PLAIN, NOW, is_filtered=False)
    assert shown.splitlines() == [
        "severity  #  title             status        firing  opened     assignees",
        "◆ high    3  Checkout is down  acknowledged     2/3  5 min ago  ada, bob",
        "",
        "There are more: --cursor next",
    ]


def test_an_empty_list_says_how_something_would_appear_in_it() -> None:
    nothing = read(page(), Alerts)
    assert "`tocsin send shop`" in render_alerts(nothing, "shop", PLAIN, NOW, is_filtered=False)
    assert render_alerts(nothing, "shop", PLAIN, NOW, is_filtered=True) == "No alerts of shop are like that."


def test_one_alert_shows_what_matters_first_then_what_happened_and_its_payload_last() -> None:
    half = b'{"payload": {"a": "\\ud800", "b": [1]}, ' + json.dumps(alert(timeline=TIMELINE)).encode()[1:]
    assert render_alert(read(half, OneAlert), PLAIN, NOW).splitlines() == [
        "▲ critical  Checkout is down",
        "  alert        shop #12",
        "  status       triggered",
        "  events       1,234",
        "  started      2026-11-24 08:00:00 UTC (5 min ago)",
        "  ended        –",
        "  last seen    2026-11-24 08:00:00 UTC (5 min ago)",
        "  incident     #3: tocsin incident show shop 3",
        "  assignees    –",
        "  service      checkout",
        "  integration  uptime",
        "  hosts        web-1",
        "               web-2",
        "  labels       team=shop",
        "  links        url https://x.example",
        "  fingerprint  f1",
        "",
        "at                       incident  who        what          text",
        "2026-11-24 08:00:00 UTC  –         ada        comment       Looking",
        "2026-11-24 08:00:00 UTC  #3        alert-bot  alert joined  alert #12 joined",
        "",
        "  payload  {",
        '             "a": "?",',
        '             "b": [',
        "               1",
        "             ]",
        "           }",
    ]


def test_what_ended_for_another_reason_than_a_recovery_says_so() -> None:
    ended = alert(status="resolved", ended_at=AT, end_reason="the rule was paused", timeline=[], payload=None)
    closed = {**incident(status="resolved", end_reason="alert #12 ended because the rule was paused"), "timeline": []}
    assert (
        "  ended        2026-11-24 08:00:00 UTC (5 min ago), because the rule was paused"
        in render_alert(read(json.dumps(ended).encode(), OneAlert), PLAIN, NOW).splitlines()
    )
    assert (
        "  ended         alert #12 ended because the rule was paused"
        in render_incident(read(json.dumps(closed).encode(), OneIncident), PLAIN, NOW).splitlines()
    )


def test_one_incident_shows_its_timeline_below() -> None:
    entry = {"at": AT, "actor": "alert-bot", "kind": "severity_raised", "text": "to\nhigh", "details": {}}
    shown = render_incident(read(json.dumps({**incident(), "timeline": [entry]}).encode(), OneIncident), PLAIN, NOW).splitlines()
    assert shown[:5] == [
        "◆ high  Checkout is down",
        "  incident      shop #3",
        "  status        acknowledged",
        "  alerts        2 of 3 firing",
        "  opened        2026-11-24 08:00:00 UTC (5 min ago) by alert-bot",
    ]
    assert shown[-4:] == [
        "                b",
        "",
        "at                       who        what             text",
        "2026-11-24 08:00:00 UTC  alert-bot  severity raised  to high",
    ]


def test_timeline_is_read_to_its_end() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/timeline"):
            return httpx.Response(200, json=incident())
        is_last = request.url.params.get("cursor") == "second"
        return httpx.Response(200, content=page({"at": "2" if is_last else "1"}, cursor=None if is_last else "second"))

    with Asking("http://door", "secret", httpx.MockTransport(answer)) as asking:
        found = json.loads(with_timeline(asking, "shop", "incidents", 3))
    assert found == {**incident(), "timeline": [{"at": "1"}, {"at": "2"}]}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "as Checkout: degraded (impact minor, as a publisher chose)"),
        ({"follows": ["impact"]}, "as Checkout: degraded (impact minor, by its severity)"),
        ({"continues_in": "2"}, "as Checkout: degraded (impact minor, as a publisher chose, continues in another entry)"),
    ],
)
def test_an_incident_says_what_the_public_sees_of_it_and_who_decided_that(more: dict[str, Any], said: str) -> None:
    shown = {"title": "Checkout: degraded", "impact": "minor", "components": [], "published_at": AT, "updates": [], **more}
    found = read(json.dumps({**incident(published=shown), "timeline": []}).encode(), OneIncident)
    assert said in " ".join(render_incident(found, PLAIN, NOW).split())


def test_an_incident_of_whose_timeline_nothing_is_wanted_says_so() -> None:
    shown = render_incident(read(json.dumps({**incident(), "timeline": []}).encode(), OneIncident), PLAIN, NOW).splitlines()
    assert shown[-2:] == ["", "Nothing in its timeline is like that."]


def test_an_alert_to_which_nothing_happened_says_so() -> None:
    untouched = read(json.dumps(alert(payload=None, timeline=[])).encode(), OneAlert)
    last = [render_alert(untouched, PLAIN, NOW, is_filtered=is_filtered).splitlines()[-2:] for is_filtered in (False, True)]
    assert last == [["", "Nobody has done anything about it yet."], ["", "Nothing in its timeline is like that."]]


def test_a_timeline_is_added_to_an_alert_and_nothing_else_of_it_is_touched() -> None:
    shown = b'{"number":12,"payload":{"a":  1.50,"b":"\\ud800","a":2}}'

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=page({"at": "1"}) if request.url.path.endswith("alerts/12/timeline") else shown)

    with Asking("http://door", "secret", httpx.MockTransport(answer)) as asking:
        assert with_timeline(asking, "shop", "alerts", 12) == shown[:-1] + b',"timeline":[{"at": "1"}]}'


@pytest.mark.parametrize("shown", [b"{}", b"[]", b"<html>"])
def test_a_timeline_is_added_to_nothing_that_is_not_ours(shown: bytes) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=shown))
    with Asking("http://door", "secret", transport) as asking, pytest.raises(Unavailable, match="no operator API"):
        with_timeline(asking, "shop", "alerts", 12)


def test_filters_narrow_each_page_of_a_timeline_and_nothing_else() -> None:
    asked: list[tuple[str, list[tuple[str, str]]]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path.rpartition("/")[2], request.url.params.multi_items()))
        return httpx.Response(200, content=page(cursor="second" if len(asked) == 2 else None))

    with Asking("http://door", "secret", httpx.MockTransport(answer)) as asking:
        with_timeline(asking, "shop", "incidents", 3, [("kind", "comment"), ("kind", "resolved")])
    filters = [("kind", "comment"), ("kind", "resolved"), ("limit", "500")]
    assert asked == [("3", []), ("timeline", filters), ("timeline", [*filters, ("cursor", "second")])]


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[]", b'{"items": [{"project": "shop"}], "next": null}'])
def test_an_answer_of_something_else_is_not_shown_as_ours(answer: bytes) -> None:
    with pytest.raises(Unavailable, match="no operator API of this tocsin's version answers there"):
        read(answer, Alerts)


def test_query_repeats_lists_and_leaves_out_what_is_not_said() -> None:
    assert query_of(status=["open", "ignored"], limit=5, cursor=None, sort="-number") == [
        ("status", "open"), ("status", "ignored"), ("limit", "5"), ("sort", "-number"),
    ]  # fmt: skip


class OneList(BaseHTTPRequestHandler):
    """An operator API that answers an empty list, and keeps what it was asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("content-length", str(len(page())))
        self.end_headers()
        self.wfile.write(page())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def run(tmp_path: Path, arguments: list[str], requests: int) -> tuple[Result, list[httpx.URL]]:
    """Run a command beside such an API; give what came of it, and what it asked."""
    OneList.asked.clear()
    with HTTPServer(("127.0.0.1", 0), OneList) as server:
        server.timeout = 10

        def serve() -> None:
            for _ in range(requests):
                server.handle_request()

        thread = Thread(target=serve)
        thread.start()
        environment = {
            "TOCSIN_DATA": str(tmp_path),
            "TOCSIN_TOKEN": "secret",
            "TOCSIN_URL": f"http://127.0.0.1:{server.server_port}",
        }
        done = CliRunner().invoke(app, arguments, env=environment)
        thread.join()
    return done, [httpx.URL(path) for path in OneList.asked]


@pytest.mark.parametrize("kind", ["alert", "incident"])
def test_filters_of_a_timeline_reach_the_api_and_kinds_may_be_written_as_they_are_shown(tmp_path: Path, kind: str) -> None:
    said = ["--kind", "alert joined", "--kind=opened", "--actor=me", "--from=1", "--to=2"]
    _, (_, url) = run(tmp_path, [kind, "show", "shop", "3", *said, "--json"], requests=2)
    assert (url.path, url.params.multi_items()) == (f"/api/v1/projects/shop/{kind}s/3/timeline", [
        ("kind", "alert_joined"), ("kind", "opened"), ("actor", "me"), ("from", "1"), ("to", "2"), ("limit", "500"),
    ])  # fmt: skip


@pytest.mark.parametrize("kind", ["alert", "incident"])
def test_filters_reach_the_api_under_its_own_names(tmp_path: Path, kind: str) -> None:
    said = [f"--status=open --status=resolved --severity=high --assignee=me --matcher={MATCHER}", "--search=x", "--from=1 --to=2"]
    done, (url,) = run(tmp_path, [kind, "list", "shop", *" ".join(said).split(), "--limit=5", "--json"], requests=1)
    assert (done.exit_code, done.stdout, url.path) == (0, page().decode() + "\n", f"/api/v1/projects/shop/{kind}s")
    assert sorted(url.params.multi_items()) == [
        ("assignee", "me"), ("from", "1"), ("limit", "5"), ("matcher", MATCHER), ("search", "x"), ("severity", "high"),
        ("sort", "-urgency"), ("status", "open"), ("status", "resolved"), ("to", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ("alert", "list"), ("alert", "list", "../x"), ("alert", "list", "shop", "--status", "bad"),
        ("alert", "list", "shop", "--severity", "bad"), ("alert", "list", "shop", "--sort", "title"),
        ("alert", "list", "shop", "--limit", "501"), ("alert", "show", "shop", "0"), ("incident", "show", "shop"),
        ("incident", "list", "shop", "--status", "ignored"),
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    environment = {"TOCSIN_DATA": str(tmp_path), "TOCSIN_TOKEN": "secret", "TOCSIN_URL": "http://127.0.0.1:9"}
    assert CliRunner().invoke(app, list(arguments), env=environment).exit_code == 2
