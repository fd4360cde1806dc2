"""The end of the demo: what came in and what became of it, how long it took, and the addresses to open.

Not here: the story.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from tocsin.demo.slack import FakeSlack
from tocsin.demo.stack import PERSON, Demo
from tocsin.demo.story import Story
from tocsin.demo.telling import count

WIDTH = 16


def tell_summary(story: Story) -> None:
    """Tell the counts and the times, and check that nothing has vanished."""
    teller, at = story.teller, story.at
    outcomes = at.read_model.outcomes()
    incidents = at.operator.incidents()
    requests = sum(at.doors.statuses.values())
    teller.scene("Summary")
    _row(story, "received", f"{count(at.doors.accepted, 'alert event')} in {count(requests, 'request')}")
    _row(story, "became of them", ", ".join(f"{number:,} {outcome}" for outcome, number in sorted(outcomes.items())))
    _row(story, "alerts", f"{len(at.operator.alerts()):,}")
    _row(story, "incidents", f"{len(incidents):,}")
    _row(story, "Slack", _slack(at.slack))
    teller.say()
    teller.say(f"  {'milliseconds from POST to':28}{'p50':>8}{'max':>8}{'measured':>10}")
    for end, middle, most, number in story.times.rows():
        teller.say(f"  {end:28}{middle:>8,.0f}{most:>8,.0f}{number:>8} ×")
    teller.say()
    teller.expect("every request was answered 202", {202: requests}, dict(at.doors.statuses))
    teller.expect("every event accepted has an outcome", at.doors.accepted, outcomes.total())
    wanted = [{"received": at.doors.accepted, "difference": 0, **outcomes}]
    teller.await_that(
        "the ledger, which counts from Kafka alone, finds the same", wanted, lambda: _books(at.ledger(), list(wanted[0]))
    )


def _books(ledger: list[dict[str, Any]], names: list[str]) -> list[dict[str, int]]:
    """Give these numbers of the shop's books."""
    return [{name: row[name] for name in names} for row in ledger if row["project"] == "shop"]


def tell_addresses(story: Story, demo: Demo) -> None:
    """Say where to look, and how to send something oneself."""
    story.teller.scene("Open")
    _row(story, "status page", demo.statuspage)
    _row(story, "terminal", f"export TOCSIN_DATA={demo.data}{_path()}   # then")
    _row(story, "", "tocsin incident list shop; tocsin incident show shop 1")
    _row(story, "", "tocsin alert list shop; tocsin alert list platform; tocsin status")
    _row(story, "", f"TOCSIN_TOKEN=$(cat {demo.data}/token-uptime) tocsin send shop uptime --wait")
    opened = len(story.at.operator.incidents()) + 1
    _row(story, "", "and be Ada, who takes up what it opens:")
    _row(story, "", f"TOCSIN_TOKEN=$(cat {demo.data}/token-{PERSON}) tocsin incident acknowledge shop {opened}")
    _row(story, "operator API", f'curl -H "Authorization: Bearer $(cat {demo.data}/token)" \\')
    _row(story, "", f"     {demo.operator}/api/v1/projects/shop/incidents \\")
    _row(story, "", f"     {demo.operator}/api/v1/projects/shop/alerts/counts")
    _row(story, "webhook", f'curl -H "Authorization: Bearer $(cat {demo.data}/token-uptime)" \\')
    _row(
        story,
        "",
        f'     -d \'{{"check": {{"id": "mine", "name": "My own alert", "state": "down"}}}}\' {demo.webhook}/in/shop/uptime',
    )
    _row(story, "", "its answer names a receipt: what became of each alert is at")
    _row(story, "", f'curl -H "Authorization: Bearer $(cat {demo.data}/token-uptime)" {demo.webhook}/receipts/RECEIPT')
    _row(story, "Prometheus", f"{demo.prometheus}/alerts")
    _row(story, "logs", f"{demo.data}/up.log")


def _path() -> str:
    """Put the command on the shell's path, where it is not."""
    return "" if shutil.which("tocsin") else f" PATH={Path(sys.executable).parent}:$PATH"


def _row(story: Story, name: str, text: str) -> None:
    story.teller.say(f"  {name:{WIDTH}}{text}")


def _slack(slack: FakeSlack | None) -> str:
    if slack is None:
        return "the real one: look into the channel"
    messages, edits, replies = slack.totals()
    return f"{count(messages, 'message')}, {count(edits, 'edit')}, {count(replies, 'reply', 'replies')} in threads (to the fake)"
