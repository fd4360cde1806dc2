"""`tocsin status` on receivers that cannot be told anything."""

from __future__ import annotations

from schemas.codec import encode
from schemas.sink_records import ReceiverTrouble
from tocsin.status_receivers import render_receivers, summarise

NOON = 1_800_014_400_000
LEFT = ReceiverTrouble("slack", "C1", ["oncall", "same"], "not_in_channel", "invite the app", NOON, 1)
TOKEN = ReceiverTrouble("slack", "", ["oncall"], "token_revoked", "a new token", NOON - 1)


def test_each_trouble_says_who_why_since_when_and_what_to_do() -> None:
    assert render_receivers(summarise([encode(LEFT), b"another version's", encode(TOKEN)]), NOON + 180_000) == [
        "",
        "▲ broken receiver oncall (all of slack): token_revoked",
        "    since 2027-01-15 11:59:59 UTC, 3 min ago",
        "    to mend it: a new token",
        "▲ broken receivers oncall, same (slack channel C1): not_in_channel",
        "    since 2027-01-15 12:00:00 UTC, 3 min ago; news of 1 incident waits",
        "    to mend it: invite the app",
    ]


def test_nothing_is_said_of_receivers_that_are_well() -> None:
    assert render_receivers(summarise([]), NOON) == []
