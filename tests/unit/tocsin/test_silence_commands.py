"""`tocsin silence`: lists, one, and the question before one is made."""

from __future__ import annotations

import json

import httpx
import pytest
from typer.testing import CliRunner

from producers.operator.shapes import MutedCount, Silence
from tests.unit.tocsin.test_acting_commands import SILENCE, Door, door
from tocsin.cli import silence as commands
from tocsin.cli.main import app
from tocsin.read_api import Silences, read
from tocsin.show_silences import render_preview, render_silence, render_silences
from tocsin.terminal import Terminal, millis_of

__all__ = ["door"]
NOW = millis_of("2026-11-24T09:00:00.000Z")
PLAIN = Terminal()


def test_silences_are_a_table_that_says_since_when_and_until_when() -> None:
    page = json.dumps({"items": [SILENCE], "next": "more"}).encode()
    assert render_silences(read(page, Silences), "shop", PLAIN, NOW, is_filtered=False).splitlines() == [
        "id  state   matchers                            begins   ends    by   comment",
        ' 4  active  service="web" severity!="critical"  1 h ago  in 1 h  ada  deploy',
        "",
        "There are more: --cursor more",
    ]


def test_one_silence_shows_its_times_with_their_zone() -> None:
    assert render_silence(read(json.dumps(SILENCE).encode(), Silence), PLAIN, NOW).splitlines() == [
        "silence 4",
        "  state             active",
        "  begins            2026-11-24 08:00:00 UTC (1 h ago)",
        "  ends              2026-11-24 10:00:00 UTC (in 1 h)",
        "  by                ada",
        "  comment           deploy",
        '  matchers          service="web"',
        '                    severity!="critical"',
        "  would have muted  12 alerts of the 7 days before",
    ]


def test_empty_list_says_how_one_is_made() -> None:
    nothing = Silences([], None)
    assert "`tocsin silence create shop" in render_silences(nothing, "shop", PLAIN, NOW, is_filtered=False)
    assert render_silences(nothing, "shop", PLAIN, NOW, is_filtered=True) == "No silences of shop are like that."


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "It would have muted 1 alert of the last 7 days."),
        (1234, "It would have muted 1,234 alerts of the last 7 days."),
        (None, "It would have muted more alerts of the last 7 days than could be counted in time."),
    ],
)
def test_preview_says_a_number_or_that_there_is_none(count: int | None, said: str) -> None:
    assert render_preview(MutedCount(count)) == said


def test_preview_says_first_what_it_warns_of() -> None:
    assert render_preview(MutedCount(0, ["odd"])) == "Warning: odd\nIt would have muted 0 alerts of the last 7 days."


@pytest.mark.parametrize("options", ["", "--json"])
@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("silence create shop a=b --for 2h --comment why", {"silence": SILENCE}),
        ("silence edit shop 4 --matcher a=b", {"silence": SILENCE}),
        ("alert list shop --matcher a=b", {"items": [], "next": None}),
        ("incident list shop --matcher a=b", {"items": [], "next": None}),
    ],
)
def test_what_an_answer_warns_of_is_told_apart_from_it(door: Door, line: str, answer: dict[str, object], options: str) -> None:
    door.answer = lambda _: httpx.Response(200, json={**answer, "warnings": ["odd"]})
    done = CliRunner().invoke(app, [*line.split(), *options.split()])
    assert (done.exit_code, done.stderr) == (0, "Warning: odd\n")


@pytest.mark.parametrize(
    ("reply", "options", "code", "asked"),
    [
        ("y\n", "", 0, ["silences/preview", "silences"]),
        ("n\n", "", 1, ["silences/preview"]),
        ("", "--yes", 0, ["silences"]),
    ],
)
def test_on_a_terminal_the_count_is_shown_and_asked_about_first(
    door: Door, monkeypatch: pytest.MonkeyPatch, reply: str, options: str, code: int, asked: list[str]
) -> None:
    door.answer = lambda request: httpx.Response(
        200, json={"muted_7d": 12} if request.url.path.endswith("preview") else {"silence": SILENCE}
    )
    monkeypatch.setattr(commands, "is_terminal", lambda: True)
    line = f"silence create shop a=b --for 2h --comment why {options}".split()
    done = CliRunner().invoke(app, line, input=reply)
    assert (done.exit_code, [path for _, path, _ in door.asked]) == (code, asked)
    assert ("It would have muted 12 alerts of the last 7 days.\nCreate it? [y/N]" in done.stdout) == (options == "")


def test_without_a_terminal_nothing_is_asked(door: Door) -> None:
    door.answer = lambda _: httpx.Response(201, json={"silence": SILENCE})
    done = CliRunner().invoke(app, ["silence", "create", "shop", "a=b", "--for", "2h", "--comment", "why"])
    assert (done.exit_code, [path for _, path, _ in door.asked]) == (0, ["silences"])


def test_filters_reach_the_api(door: Door) -> None:
    seen: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(200, json={"items": [], "next": None})

    door.answer = answer
    line = "silence list shop --state active --state pending --search web --sort starts_at --limit 5 --cursor c --json"
    done = CliRunner().invoke(app, line.split())
    assert (done.exit_code, sorted(seen[0].params.multi_items())) == (
        0,
        [("cursor", "c"), ("limit", "5"), ("search", "web"), ("sort", "starts_at"), ("state", "active"), ("state", "pending")],
    )
