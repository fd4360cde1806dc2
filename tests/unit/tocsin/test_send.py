"""`tocsin send`: what goes to the door, and how each answer ends the command."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from typer.testing import CliRunner

from producers.webhook.door import build_door
from producers.webhook.formats.recognise import parse
from schemas.configuration import Configuration, Format, Integration, Project
from schemas.errors import OperatorError, Unavailable
from schemas.records import AlertEvent, Refusal
from schemas.settings import Address, Settings
from tocsin.addresses import webhook_url
from tocsin.asking import Asking, RefusedByDoor
from tocsin.cli.main import app
from tocsin.send import Receipt, labels_of, only_integration, render_receipt, send_alert

URL = "http://127.0.0.1:9"
ACCEPTED = httpx.Response(202, json={"receipt": "01J", "accepted": 1, "rejected": []})
LABELS = labels_of("Down", "high", {"service": "checkout"})


class Door:
    """A webhook that keeps what it was sent, and answers what it was told."""

    def __init__(self, answer: httpx.Response | Exception = ACCEPTED) -> None:
        self._answer = answer
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def send(self, *, is_firing: bool = True) -> Receipt:
        with Asking(URL, "secret", httpx.MockTransport(self)) as asking:
            return send_alert(asking, ("shop", "uptime"), LABELS, "Down", is_firing=is_firing)

    def event(self, format: Format) -> AlertEvent:
        (event,) = parse(self.requests[-1].content, build_door("shop", "uptime", Integration(format=format))).events
        return event


def test_alert_goes_to_the_integrations_door_with_its_token() -> None:
    door = Door()
    assert door.send() == Receipt("01J", 1, [])
    (request,) = door.requests
    assert (request.method, str(request.url)) == ("POST", f"{URL}/in/shop/uptime")
    assert request.headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize("format", ["generic", "alertmanager"])
def test_a_resolved_one_has_the_fingerprint_of_the_firing_one(format: Format) -> None:
    door = Door()
    door.send()
    firing = door.event(format)
    door.send(is_firing=False)
    resolved = door.event(format)
    assert (firing.fingerprint, firing.severity) == (resolved.fingerprint, "high")
    assert (firing.is_firing, resolved.is_firing) == (True, False)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (httpx.Response(401, json={"detail": "Send the token."}), RefusedByDoor, f"{URL} answers 401: Send the token."),
        (httpx.Response(413, text="<html>"), RefusedByDoor, f"{URL} answers 413: Request Entity Too Large"),
        (httpx.Response(503, json={"detail": "Not now."}), Unavailable, f"{URL} answers 503: Not now."),
        (httpx.Response(200, text="hello"), Unavailable, f"{URL} is no webhook of tocsin: it answers something else"),
        (httpx.ConnectError("refused"), Unavailable, f"{URL} does not answer: refused"),
        (httpx.ReadTimeout("slow"), Unavailable, f"{URL} does not answer: slow"),
    ],
)
def test_each_other_answer_is_told_as_whose_fault_it_is(
    answer: httpx.Response | Exception, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        Door(answer).send()
    assert (type(caught.value), str(caught.value)) == (error, said)


def test_refused_elements_are_told_beside_the_receipt() -> None:
    assert render_receipt(Receipt("01J", 0, [Refusal(0, "no labels")])) == "accepted 0, receipt 01J\nrefused: no labels"


def test_integration_may_be_left_out_where_there_is_one() -> None:
    one = Project(
        integrations={"uptime": Integration(format="generic"), "orders": Integration(format="topic", topic="alerts.orders")}
    )
    assert only_integration(Configuration(projects={"shop": one, "bank": Project()}), "shop") == "uptime"
    with pytest.raises(OperatorError, match="none that takes HTTP"):
        only_integration(Configuration(projects={"shop": one, "bank": Project()}), "bank")


def test_webhook_is_where_the_settings_say(tmp_path: Path) -> None:
    everywhere = Settings(data=tmp_path, webhook_listen=Address("0.0.0.0", 99), tls_cert="chain.pem")
    assert (webhook_url(Settings(data=tmp_path)), webhook_url(everywhere)) == ("http://127.0.0.1:8080", "https://127.0.0.1:99")


def exit_code(*arguments: str, token: str | None = "secret") -> tuple[int, str]:
    environment = {"TOCSIN_DATA": "/nonexistent", "TOCSIN_KAFKA": None, "TOCSIN_TOKEN": token}
    done = CliRunner().invoke(app, ["send", *arguments], env=environment)
    return done.exit_code, str(done.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("shop", "a", "--severity", "bad"),
        ("shop", "a", "--label", "x"),
        ("../shop", "a"),
        ("shop", "a/b"),
        ("shop", "a", "--url", "x"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert exit_code(*arguments)[0] == 2


def test_a_token_is_asked_for() -> None:
    assert "set TOCSIN_TOKEN" in exit_code("shop", "uptime", token=None)[1]


def test_a_token_that_no_header_can_carry_is_refused() -> None:
    with pytest.raises(OperatorError, match="copy it anew"):
        Asking(URL, "tökén")


class OneAnswer(BaseHTTPRequestHandler):
    """A door on this machine that refuses the one alert that it is sent."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"receipt": "01J", "accepted": 0, "rejected": [{"index": 0, "reason": "no labels"}]}'
        self.send_response(202)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_an_alert_that_is_refused_ends_with_1_and_no_proxy_stands_before_this_machine() -> None:
    with HTTPServer(("127.0.0.1", 0), OneAnswer) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        environment = {
            "TOCSIN_TOKEN": "secret", "TOCSIN_DATA": "/nonexistent", "http_proxy": "http://127.0.0.1:1", "no_proxy": None,
            "TOCSIN_WEBHOOK_LISTEN": f"127.0.0.1:{server.server_port}", "all_proxy": None, "NO_PROXY": None,
        }  # fmt: skip
        server.timeout = 10
        done = CliRunner().invoke(app, ["send", "shop", "uptime", "--json"], env=environment)
        thread.join()
    assert (done.exit_code, json.loads(done.stdout)["rejected"]) == (1, [{"index": 0, "reason": "no labels"}])


def test_labels_and_severity_make_the_identity() -> None:
    assert json.dumps(LABELS) == '{"alertname": "Down", "severity": "high", "service": "checkout"}'
