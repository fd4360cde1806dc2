"""A digest as a message: what it says, and that Slack takes it whatever its incidents hold."""

from __future__ import annotations

import pytest

from sinks.slack.digest_blocks import MOST_LINES, render_digest
from tests.unit.sinks.slack.world import CONTEXT, NOON, incident
from tocsin.embedded.fake_slack.checks import check_message

LONG = "<&>|*_`~ é😀" * 2000
MINUTE = 60_000


def test_digest_says_how_many_how_they_stand_and_names_the_worst_first() -> None:
    incidents = [
        incident(number=1, title="Disk full", severity="low", created_at=NOON, total=1),
        incident(number=2, title="Database is down", severity="critical", created_at=NOON + MINUTE, firing=2),
        incident(number=3, title="Cache is cold", severity="low", created_at=NOON + 3 * MINUTE, status="acknowledged", total=1),
        incident(number=4, title="Queue is long", severity="high", created_at=NOON, status="resolved", resolved_at=NOON + MINUTE),
    ]
    message = render_digest(incidents, CONTEXT)
    console = "http://127.0.0.1:8081/api/v1/projects/shop/incidents"
    header, facts, lines = message.blocks
    assert (message.text, header["text"]["text"]) == ("▲ 4 incidents opened at once, 3 still open",) * 2
    assert facts["text"]["text"].splitlines()[:3] == ["*Open now*", "▲ 1 critical · ■ 2 low", "*First opened*"]
    assert facts["text"]["text"].splitlines()[3].endswith(", the last 3 min later")
    assert lines["text"]["text"].splitlines() == [
        f"▲ critical  <{console}/2|shop #2 Database is down>  triggered, 2 of 3 firing",
        f"■ low  <{console}/3|shop #3 Cache is cold>  acknowledged",
        f"■ low  <{console}/1|shop #1 Disk full>  triggered",
        f"✓ high  <{console}/4|shop #4 Queue is long>  resolved",
    ]


def test_digest_of_many_names_thirty_and_counts_the_others() -> None:
    message = render_digest([incident(number=one, title=f"disk {one}") for one in range(1, 501)], CONTEXT)
    lines = [line for block in message.blocks[2:] for line in block["text"]["text"].splitlines()]
    assert (len(lines), lines[-1]) == (MOST_LINES + 1, "and 470 more, 470 of them open")
    check_message({"text": message.text, "blocks": list(message.blocks)})


def test_digest_that_is_over_says_so() -> None:
    over = [incident(number=one, status="resolved", resolved_at=NOON) for one in range(1, 13)]
    message = render_digest(over, CONTEXT)
    assert message.text == "✓ 12 incidents, all resolved"
    assert "Open now" not in str(message.blocks)


@pytest.mark.parametrize("title", [LONG, "", "<!channel>", "a\nb\x00", "&" * 500, "]|>"])
def test_slack_takes_the_digest_whatever_its_incidents_hold(title: str) -> None:
    for count in (1, 11, 400):
        message = render_digest([incident(number=one, title=title) for one in range(1, count + 1)], CONTEXT)
        check_message({"text": message.text, "blocks": list(message.blocks)})
        assert "<!channel>" not in str(message.blocks)
