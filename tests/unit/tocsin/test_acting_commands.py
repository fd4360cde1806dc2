"""`tocsin alert|incident|silence VERB`: what is asked of the operator API, and what its answers mean for the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from schemas.commands import ARGUMENTS, BULK_VERBS
from schemas.errors import Unavailable
from tests.unit.tocsin.test_reading_commands import alert, incident
from tocsin.act_api import PATIENCE_SECONDS, Done, carry_out
from tocsin.asking import Asking, RefusedByDoor
from tocsin.cli import reading
from tocsin.cli.main import app
from tocsin.read_api import read
from tocsin.show_done import render_done

SHOP = "/api/v1/projects/shop"
SILENCE = {
    "id": "4", "matchers": ['service="web"', 'severity!="critical"'], "starts_at": "2026-11-24T08:00:00.000Z",
    "ends_at": "2026-11-24T10:00:00.000Z", "comment": "deploy", "created_by": "ada", "state": "active", "muted_7d": 12,
}  # fmt: skip
DONE = {"outcome": "done", "alert": alert(status="acknowledged", assignees=["ada"])}
Request = tuple[str, str, Any]
CASES: list[tuple[str, Request]] = [
    ("alert acknowledge shop 7", ("POST", "alerts/7/acknowledge", {})),
    ("alert resolve shop 7", ("POST", "alerts/7/resolve", {})),
    ("alert ignore shop 7", ("POST", "alerts/7/ignore", {})),
    ("alert reopen shop 7", ("POST", "alerts/7/reopen", {})),
    ("alert assign shop 7", ("POST", "alerts/7/assign", {"assignee": "me"})),
    ("alert unassign shop 7 --person ada", ("POST", "alerts/7/unassign", {"assignee": "ada"})),
    ("alert create-incident shop 7", ("POST", "alerts/7/create-incident", {})),
    ("alert move shop 7 2", ("POST", "alerts/7/move", {"incident": 2})),
    ("alert comment shop 7 Hm", ("POST", "alerts/7/comment", {"text": "Hm"})),
    ("alert acknowledge shop 7 8", ("POST", "alerts/acknowledge", {"numbers": [7, 8]})),
    ("alert resolve shop --matcher a=b --matcher c=d", ("POST", "alerts/resolve", {"matchers": ["a=b", "c=d"]})),
    ("alert ignore shop 7 8", ("POST", "alerts/ignore", {"numbers": [7, 8]})),
    ("alert assign shop 7 8 --person ada", ("POST", "alerts/assign", {"numbers": [7, 8], "assignee": "ada"})),
    ("incident create shop Power", ("POST", "incidents", {"title": "Power", "severity": "unknown", "description": ""})),
    ("incident acknowledge shop 3", ("POST", "incidents/3/acknowledge", {})),
    ("incident resolve shop 3", ("POST", "incidents/3/resolve", {})),
    ("incident reopen shop 3", ("POST", "incidents/3/reopen", {})),
    ("incident assign shop 3 --person bob", ("POST", "incidents/3/assign", {"assignee": "bob"})),
    ("incident unassign shop 3", ("POST", "incidents/3/unassign", {"assignee": "me"})),
    ("incident severity shop 3 low", ("POST", "incidents/3/severity", {"severity": "low"})),
    ("incident title shop 3 Power", ("POST", "incidents/3/title", {"title": "Power"})),
    ("incident description shop 3 Gone", ("POST", "incidents/3/description", {"description": "Gone"})),
    ("incident description shop 3 -", ("POST", "incidents/3/description", {"description": "**from** a pipe\n"})),
    ("incident comment shop 3 Hm", ("POST", "incidents/3/comment", {"text": "Hm"})),
    (
        "incident timeline shop 3 Calls --at 2026-12-06T02:00",
        ("POST", "incidents/3/timeline", {"text": "Calls", "at": "2026-12-06T02:00:00+00:00"}),
    ),
    ("incident merge shop 3 1", ("POST", "incidents/3/merge", {"into": 1})),
    ("incident link-alert shop 3 7", ("POST", "incidents/3/link-alert", {"alert": 7})),
    ("incident unlink-alert shop 3 7", ("POST", "incidents/3/unlink-alert", {"alert": 7})),
    ("incident zoom shop 3 https://zoom.us/j/1", ("POST", "incidents/3/zoom", {"text": "https://zoom.us/j/1"})),
    ("incident remove-zoom shop 3", ("POST", "incidents/3/remove-zoom", {})),
    ("incident link shop 3 https://x.example", ("POST", "incidents/3/link", {"url": "https://x.example", "text": ""})),
    ("incident unlink shop 3 https://x.example", ("POST", "incidents/3/unlink", {"url": "https://x.example"})),
    ("incident confidential shop 3 on", ("POST", "incidents/3/confidential", {"on": True})),
    ("incident confidential shop 3 off", ("POST", "incidents/3/confidential", {"on": False})),
    ("incident publish shop 3", ("POST", "incidents/3/publish", {})),
    (
        "incident publish shop 3 --component web --component api --impact minor",
        ("POST", "incidents/3/publish", {"components": ["web", "api"], "impact": "minor"}),
    ),
    ("incident unpublish shop 3", ("POST", "incidents/3/unpublish", {})),
    (
        "incident notify shop 3 oncall --resolved",
        ("POST", "incidents/3/notify", {"receiver": "oncall", "resolved": True}),
    ),
    (
        "incident status-update shop 3 identified Known",
        ("POST", "incidents/3/status-update", {"status": "identified", "text": "Known"}),
    ),
    (
        "silence create shop a=b --until 2026-12-06T02:00+01:00 --comment why",
        ("POST", "silences", {"matchers": ["a=b"], "ends_at": "2026-12-06T02:00:00+01:00", "comment": "why"}),
    ),
    (
        "silence create shop a=b --from 2026-12-06T02:00 --for 90m --comment why",
        (
            "POST",
            "silences",
            {
                "matchers": ["a=b"], "starts_at": "2026-12-06T02:00:00+00:00", "ends_at": "2026-12-06T03:30:00.000Z",
                "comment": "why",
            },
        ),
    ),
    (
        "silence edit shop 4 --comment longer --until 2026-12-06",
        (
            "PUT",
            "silences/4",
            {
                "matchers": SILENCE["matchers"], "starts_at": SILENCE["starts_at"], "ends_at": "2026-12-06T00:00:00+00:00",
                "comment": "longer",
            },
        ),
    ),
    ("silence expire shop 4", ("DELETE", "silences/4", {})),
]  # fmt: skip


@dataclass
class Door:
    """An operator API that answers as the test says, and keeps what it was asked."""

    answer: Callable[[httpx.Request], httpx.Response] = lambda request: httpx.Response(200, json=DONE)
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(f"{SHOP}/")
        self.asked.append((request.method, path, json.loads(request.content) if request.content else None))
        if request.method == "GET" and path == "silences/4":
            return httpx.Response(200, json=SILENCE)
        if path in {f"alerts/{verb}" for verb in BULK_VERBS} and request.method == "POST":
            return httpx.Response(200, json={"outcomes": [{"number": 7, "outcome": "done", "reason": None}], "warnings": ["odd"]})
        return self.answer(request)

    def asking(self) -> Asking:
        return Asking("http://door", "secret", httpx.MockTransport(self))


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door()
    monkeypatch.setattr(reading, "operator", door.asking)
    return door


def run(line: str) -> Result:
    return CliRunner().invoke(app, line.split(), input="**from** a pipe\n")


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_command_asks_the_api_for_what_it_says(door: Door, line: str, expected: Request) -> None:
    done = run(line)
    assert (done.exit_code, door.asked[-1]) == (0, expected), done.output


def test_every_command_of_the_api_has_one_of_its_own() -> None:
    asked = {(path.split("/")[0], path.split("/")[-1]) for _, (method, path, _) in CASES if method == "POST"}
    known = {(f"{target}s", verb) for target in ("alert", "incident") for verb in ARGUMENTS[target]}
    assert asked == known | {("incidents", "incidents"), ("silences", "silences")}


def test_what_was_done_is_told_in_a_line_or_as_json(door: Door) -> None:
    said = "alert #12 is acknowledged, in incident #3, assigned to ada: Checkout is down\n"
    assert run("alert acknowledge shop 12").stdout == said
    assert json.loads(run("alert acknowledge shop 12 --json").stdout) == DONE


PUBLISHED = {"title": "Checkout: partly down", "impact": "major", "components": [], "published_at": "", "updates": []}


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (
            {"incident": incident(merged_into=1, confidential=True)},
            "incident #3 is acknowledged, ◆ high, merged into #1, confidential, assigned to ada, bob: Checkout is down",
        ),
        (
            {"incident": incident(published=PUBLISHED)},
            "incident #3 is acknowledged, ◆ high, published as “Checkout: partly down”, assigned to ada, bob: Checkout is down",
        ),
        (
            {"silence": SILENCE},
            'silence 4 is active until 2026-11-24 10:00:00 UTC: service="web" severity!="critical".'
            " It would have muted 12 alerts of the last 7 days.",
        ),
        (
            {"silence": {**SILENCE, "state": "expired"}},
            'silence 4 expired at 2026-11-24 10:00:00 UTC: service="web" severity!="critical".',
        ),
        ({"alert": alert(), "incident": incident()}, "alert #12 is triggered, in incident #3: Checkout is down"),
        ({}, "Done."),
    ],
)
def test_what_a_command_was_about_is_told_in_a_line(shown: Any, said: str) -> None:
    assert render_done(read(json.dumps(shown).encode(), Done)) == said


def test_refused_command_ends_with_the_reason_alone(door: Door) -> None:
    door.answer = lambda _: httpx.Response(409, json={"outcome": "refused", "reason": "alert #9 is open"})
    done = run("alert reopen shop 7")
    assert (type(done.exception), str(done.exception)) == (RefusedByDoor, "alert #9 is open")


def test_other_refusals_say_where_they_come_from(door: Door) -> None:
    door.answer = lambda _: httpx.Response(403, json={"detail": "This needs the role responder in the project."})
    assert str(run("alert reopen shop 7").exception) == ("http://door answers 403: This needs the role responder in the project.")


def test_many_alerts_of_which_one_refuses_end_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [{"number": 7, "outcome": "done", "reason": None}, {"number": 8, "outcome": "refused", "reason": "it is resolved"}]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"outcomes": outcomes}))
    monkeypatch.setattr(reading, "operator", lambda: Asking("http://door", "secret", transport))
    done = run("alert acknowledge shop 7 8")
    assert (done.exit_code, done.stdout) == (1, "1 of 2 alerts: done.\n#8 refused: it is resolved\n")


def test_pending_command_is_waited_for_where_the_answer_says() -> None:
    pending = httpx.Response(202, json={"outcome": "pending"}, headers={"Location": f"{SHOP}/commands/c-1"})
    answers = [pending, pending, httpx.Response(200, json=DONE)]
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        return answers.pop(0)

    with Asking("http://door", "secret", httpx.MockTransport(answer)) as asking:
        assert json.loads(carry_out(asking, "POST", "/x", {}, lambda: 0.0, lambda _: None)) == DONE
    assert asked == ["POST /x", f"GET {SHOP}/commands/c-1", f"GET {SHOP}/commands/c-1"]


def test_command_that_stays_pending_is_said_to_be_kept() -> None:
    pending = httpx.MockTransport(lambda _: httpx.Response(202, headers={"Location": "/there"}))
    times = iter([0.0, 1.0, PATIENCE_SECONDS])
    with (
        Asking("http://door", "secret", pending) as asking,
        pytest.raises(Unavailable, match=r"kept in Kafka.*http://door/there"),
    ):
        carry_out(asking, "POST", "/x", {}, lambda: next(times), lambda _: None)


@pytest.mark.parametrize(
    "line",
    [
        "alert acknowledge shop", "alert acknowledge shop 7 --matcher a=b", "alert acknowledge shop 0", "alert move shop 7",
        "incident severity shop 3 bad", "incident timeline shop 3 x --at soon", "incident confidential shop 3 maybe",
        "silence create shop a=b --comment x", "silence create shop a=b --comment x --for long", "silence expire shop ../x",
        "silence create shop a=b --comment x --for 2h --until 2026-12-06", "silence list shop --state over",
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2_and_asks_nothing_to_be_changed(door: Door, line: str) -> None:
    assert run(line).exit_code == 2
    assert door.asked == []


def test_what_the_answer_about_many_alerts_warns_of_is_told_apart_from_it(door: Door) -> None:
    assert run("alert acknowledge shop --matcher a=b").stderr == "Warning: odd\n"
