"""`tocsin send --wait`: the receipt is asked for until the outcome is known, and what is said of it."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from producers.webhook.outcomes import AlertOutcome
from schemas.errors import Unavailable
from schemas.records import SuppressedBy
from tocsin.asking import Asking, RefusedByDoor
from tocsin.cli.main import app
from tocsin.send_outcome import await_outcome, render_outcome

CREATED = {"index": 0, "outcome": "created", "alert": 12, "incident": 3, "suppressed_by": None, "reason": None}
PENDING = {**CREATED, "outcome": "pending", "alert": None, "incident": None}


def told(*alerts: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"alerts": alerts})


def wait_for(*answers: httpx.Response) -> AlertOutcome:
    """Wait 1 s of a clock that each pause moves by 0.1 s, while the door gives these answers; the last again and again."""
    left, now = list(answers), [0.0]

    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.url.path, request.headers["authorization"]) == ("/receipts/01J-1", "Bearer secret")
        return left.pop(0) if len(left) > 1 else left[0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    with Asking("http://door", "secret", httpx.MockTransport(answer)) as asking:
        return await_outcome(asking, "01J-1", 1, lambda: now[0], pause)


def test_the_receipt_is_asked_for_until_it_is_decided() -> None:
    away = httpx.Response(503, json={"detail": "Receipts cannot be read now."})
    assert wait_for(told(PENDING), away, told(PENDING), told(CREATED)) == AlertOutcome(0, "created", 12, 3)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (told(PENDING), "not decided within 1 s"),
        (httpx.Response(503, json={"detail": "Not now."}), "http://door answers 503: Not now."),
        (httpx.Response(200, text="<html>"), "http://door tells nothing of receipts"),
    ],
)
def test_when_time_is_up_it_says_where_to_look(answer: httpx.Response, problem: str) -> None:
    with pytest.raises(Unavailable) as caught:
        wait_for(answer)
    assert str(caught.value).startswith(problem)
    assert "`tocsin status`" in str(caught.value)
    assert "http://door/receipts/01J-1" in str(caught.value)


def test_a_receipt_that_the_door_does_not_know_is_not_waited_for() -> None:
    with pytest.raises(RefusedByDoor, match="404"):
        wait_for(httpx.Response(404, json={"detail": "There is no such receipt."}))


def test_outcome_names_alert_incident_and_reason() -> None:
    muted = AlertOutcome(0, "merged", 12, None, SuppressedBy("silence", "4"))
    assert render_outcome("shop", AlertOutcome(0, "created", 12, 3)).splitlines() == [
        "created: a new alert", "alert #12 (tocsin alert show shop 12)", "incident #3 (tocsin incident show shop 3)",
    ]  # fmt: skip
    assert render_outcome("shop", muted).splitlines() == [
        "merged: counted to an open alert", "alert #12 (tocsin alert show shop 12)", "no incident", "muted by silence 4",
    ]  # fmt: skip
    rejected = render_outcome("shop", AlertOutcome(0, "rejected", reason="too large"))
    assert rejected.splitlines() == ["rejected: refused while it was decided", "because: too large"]


class Decided(BaseHTTPRequestHandler):
    """A door that takes one alert, and tells at once what became of it."""

    outcome = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.answer({"receipt": "01J-1", "accepted": 1, "rejected": []})

    def do_GET(self) -> None:
        self.answer({"alerts": [{**CREATED, "outcome": self.outcome}]})

    def answer(self, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def serve_two(server: HTTPServer) -> None:
    """Take the alert, then the question for its receipt."""
    server.handle_request()
    server.handle_request()


@pytest.mark.parametrize(("outcome", "code"), [("created", 0), ("recovered", 0), ("unmatched", 1), ("rejected", 1)])
def test_the_command_ends_with_1_when_no_alert_was_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, outcome: str, code: int
) -> None:
    monkeypatch.setattr(Decided, "outcome", outcome)
    with HTTPServer(("127.0.0.1", 0), Decided) as server:
        server.timeout = 10
        thread = Thread(target=serve_two, args=[server])
        thread.start()
        listen = f"127.0.0.1:{server.server_port}"
        environment = {"TOCSIN_TOKEN": "secret", "TOCSIN_DATA": str(tmp_path), "TOCSIN_WEBHOOK_LISTEN": listen}
        done = CliRunner().invoke(app, ["send", "shop", "uptime", "--wait", "--json"], env=environment)
        thread.join()
    assert (done.exit_code, json.loads(done.stdout)) == (code, {"receipt": "01J-1", **CREATED, "outcome": outcome})
