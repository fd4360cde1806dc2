"""A command that is sent again: what makes it the same one."""

from __future__ import annotations

import msgspec
import pytest

from processors.core.commands.remembered import USED, recall, remember
from processors.core.state import State
from schemas.records import Command, EventOutcome

DONE = [EventOutcome(0, "done", silence="1")]
REJECTED = [EventOutcome(0, "rejected", reason=USED)]


def silence(**said: object) -> Command:
    body = {"matchers": ['service="web"'], "ends_at": "2026-12-06T02:00:00Z", **said}
    return Command("shop", "c-1", "ada", "create", "silence", None, msgspec.json.encode(body))


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        (silence(muted_7d=3), DONE),
        (silence(muted_7d=4), DONE),
        (silence(muted_7d=3, comment="other"), REJECTED),
        (msgspec.structs.replace(silence(), arguments=b"{}"), REJECTED),
        (msgspec.structs.replace(silence(), verb="expire", number=1, arguments=b"{}"), REJECTED),
        (msgspec.structs.replace(silence(), command_id="c-2"), None),
        (msgspec.structs.replace(silence(), actor="bob"), None),
    ],
)
def test_silence_is_the_same_when_it_would_have_muted_others_meanwhile(
    again: Command, expected: list[EventOutcome] | None
) -> None:
    state = State()
    remember(state, silence(muted_7d=3), DONE)
    assert recall(state, again) == expected
