"""The commands that people look around with, on a whole stack: a token lets an alert in, and it is there to be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until

TOKEN = "secret"
FILE = f"""
projects:
  shop:
    integrations:
      uptime: {{format: generic, fields: {{title: check.name}}, tokens: ["sha256:{sha256(TOKEN.encode()).hexdigest()}"]}}
    incidents:
      - {{name: by service, group_by: [service]}}
  desk:
    integrations:
      uptime: {{format: generic, tokens: ["sha256:{sha256(TOKEN.encode()).hexdigest()}"]}}
    incidents:
      - {{name: by service, group_by: [service]}}
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    with scratch_directory() as data:
        config = data / "tocsin.yaml"
        config.write_text(FILE)
        with RunningStack(data, config=config) as running:
            yield running


def read(stack: RunningStack, *arguments: str) -> dict[str, Any]:
    done = stack.command(*arguments, "--json")
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {"items": [], "said": done.stderr}


def send(stack: RunningStack, token: str, *arguments: str, project: str = "shop") -> tuple[int, str]:
    stack.environment["TOCSIN_TOKEN"] = token
    done = stack.command("send", project, *arguments, "--title", "Down", "--label", "service=checkout")
    del stack.environment["TOCSIN_TOKEN"]
    return done.returncode, done.stdout


def test_what_is_sent_can_be_listed_and_shown(stack: RunningStack) -> None:
    wait_until(lambda: send(stack, TOKEN)[0] == 0, "the door takes the alert")
    wait_until(lambda: len(read(stack, "alert", "list", "shop")["items"]) == 1, "the alert is listed")
    assert "▲ critical  1  Down   triggered" in stack.command("alert", "list", "shop").stdout
    matching = [
        read(stack, "alert", "list", "shop", "--matcher", text)["items"] for text in ('service="checkout"', 'service="x"')
    ]
    assert [len(items) for items in matching] == [1, 0]
    assert read(stack, "alert", "list", "shop", "--from", "2026-01-01", "--search", "OW")["items"] != []
    assert "answers 422: from:" in read(stack, "alert", "list", "shop", "--from", "soon")["said"]
    found = read(stack, "alert", "show", "shop", "1")
    assert (found["title"], found["service"], found["payload"]["labels"]["alertname"]) == ("Down", "checkout", "Down")
    assert [(one["kind"], one["incident"]) for one in found["timeline"]] == [("opened", 1)]
    assert "#1        alert-bot  opened  opened by rule" in stack.command("alert", "show", "shop", "1", "--kind=opened").stdout
    incident = read(stack, "incident", "show", "shop", "1")
    assert (incident["title"], incident["alerts"], incident["timeline"][0]["kind"]) == (
        "Down",
        {"firing": 1, "total": 1},
        "opened",
    )
    assert send(stack, TOKEN, "--resolved")[0] == 0
    wait_until(lambda: read(stack, "alert", "show", "shop", "1")["status"] == "resolved", "the alert is resolved")
    assert [one["number"] for one in read(stack, "incident", "list", "shop", "--status", "resolved")["items"]] == [1]


def test_what_is_refused_and_what_is_not_there_end_with_1(stack: RunningStack) -> None:
    assert send(stack, "wrong") == (1, "")
    assert stack.command("alert", "show", "shop", "99").returncode == 1
    assert stack.command("alert", "list", "nowhere").stderr.endswith("There is nothing here that you may see.\n")


def test_a_new_token_speaks_of_the_configuration_in_force(stack: RunningStack) -> None:
    found = read(stack, "token", "new", "shop", "uptime")
    assert found["endpoint"] == f"http://{stack.settings.webhook_listen}/in/shop/uptime"
    assert '"check": {"name": ' in found["curl"]


def test_nobody_at_the_address_ends_with_3(stack: RunningStack) -> None:
    stack.environment |= {"TOCSIN_URL": "http://127.0.0.1:1", "TOCSIN_TOKEN": TOKEN}
    done = stack.command("incident", "list", "shop")
    del stack.environment["TOCSIN_URL"], stack.environment["TOCSIN_TOKEN"]
    assert (done.returncode, done.stdout) == (3, "")


def test_people_act_from_the_terminal(stack: RunningStack) -> None:
    wait_until(lambda: send(stack, TOKEN, project="desk")[0] == 0, "the door takes the alert")
    wait_until(lambda: len(read(stack, "alert", "list", "desk", "--status", "open")["items"]) > 0, "the alert is open")
    number = str(read(stack, "alert", "list", "desk", "--status", "open")["items"][0]["number"])
    done = stack.command("alert", "acknowledge", "desk", number)
    assert (done.returncode, done.stdout.startswith(f"alert #{number} is acknowledged, in incident #")) == (0, True), done.stderr
    created = stack.command("silence", "create", "desk", 'service="checkout"', "--for", "2h", "--comment", "deploy", "--json")
    silence = json.loads(created.stdout)["silence"]
    assert (silence["id"], silence["state"], silence["muted_7d"] > 0) == ("1", "active", True)
    assert "▲ critical" in stack.command("alert", "list", "desk").stdout
    muted = f"muted by silence {silence['id']}"
    wait_until(lambda: muted in stack.command("alert", "list", "desk").stdout, "the alert is muted")
    assert stack.command("silence", "expire", "desk", "1").stdout.startswith("silence 1 expired at")
    both = stack.command("alert", "resolve", "desk", number, "99")
    assert (both.returncode, both.stdout.splitlines()[0]) == (1, "1 of 2 alerts: done."), both.stderr
    refused = stack.command("alert", "acknowledge", "desk", number)
    assert (refused.returncode, "tocsin: " in refused.stderr) == (1, True)
