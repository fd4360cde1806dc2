"""Dead letters as people see them: what lies on the topic, what was done about it, and how many events a frame holds."""

from __future__ import annotations

import json

import msgspec
import pytest

from schemas.codec import encode
from schemas.errors import OperatorError
from schemas.records import Frame
from schemas.sink_records import DeadLetter
from tests.world import batch, command
from tocsin.dead_letters import RETRIER, Letter, Note, Tried, find_letters, gather
from tocsin.retry import choose, events_of
from tocsin.show_dead_letters import describe, readable, render_letter, render_letters
from tocsin.terminal import Terminal

TOPIC = "tocsin.dead-letters.v1"
NOON = 1_800_014_400_000
REFUSED = DeadLetter("tocsin.journal.v1", 2, 40, "sink-slack", "Slack refuses: invalid_blocks", NOON, b'{"text": "t"}')


def retried(offset: int, state: str, text: str = "oncall is told", at: int = NOON + 60_000) -> bytes:
    return encode(DeadLetter(TOPIC, 0, offset, RETRIER, "retry", at, msgspec.json.encode({"state": state, "text": text})))


def test_retries_belong_to_their_letters_and_are_none_themselves() -> None:
    records = [(0, 0, encode(REFUSED)), (0, 1, encode(REFUSED)), (0, 2, retried(1, "refused")), (0, 3, retried(1, "done"))]
    first, second = gather(TOPIC, [*records, (0, 4, b"another version's"), (0, 5, None)])
    assert (first.id, first.tried, first.is_done) == ("0-0", [], False)
    assert (second.id, [one.note.state for one in second.tried], second.is_done) == ("0-1", ["refused", "done"], True)


def test_retry_that_never_said_how_it_ended_is_known() -> None:
    (letter,) = gather(TOPIC, [(0, 0, encode(REFUSED)), (0, 1, retried(0, "begun"))])
    assert (letter.begun_at, letter.is_done) == (NOON + 60_000, False)
    (letter,) = gather(TOPIC, [(0, 0, encode(REFUSED)), (0, 1, retried(0, "begun")), (0, 2, retried(0, "refused"))])
    assert letter.begun_at is None


def test_list_shows_the_newest_first_and_counts_what_it_hides() -> None:
    late = msgspec.structs.replace(REFUSED, at=NOON + 1, reason="late")
    letters = gather(TOPIC, [(0, 0, encode(REFUSED)), (1, 0, encode(late))])
    lines = render_letters(letters, Terminal(), NOON + 120_000, hidden=1).splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["id", "given", "up", "by", "why", "retried"],
        ["1-0", "1", "min", "ago", "sink-slack", "late", "never"],
        ["0-0", "2", "min", "ago", "sink-slack", "Slack", "refuses:", "invalid_blocks", "never"],
    ]
    assert lines[-1] == "and 1 that was retried: `--all` shows it too."


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        (0, "No dead letters: nothing was given up."),
        (2, "No dead letters: nothing was given up, but 2 that were retried: `--all` shows them too."),
    ],
)
def test_list_without_letters_says_so(hidden: int, said: str) -> None:
    assert render_letters([], Terminal(), NOON, hidden) == said


def test_letter_is_shown_with_what_was_done_about_it_and_what_it_holds() -> None:
    letter = Letter(0, 7, REFUSED, [Tried(NOON + 60_000, Note("done", "oncall is told how incident shop #1 stands"))])
    shown = render_letter(letter, Terminal(), NOON + 60_000)
    assert "comes from   tocsin.journal.v1, partition 2, offset 40" in shown
    assert "2027-01-15 12:01:00 UTC: done: oncall is told how incident shop #1 stands" in shown
    assert '"text": "t"' in shown
    assert "tocsin deadletters retry 0-7" in render_letter(Letter(0, 7, REFUSED), Terminal(), NOON)
    assert json.loads(json.dumps(describe(letter)))["original"] == REFUSED.original.hex()


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        (b'{"a": "\xc3\xa9"}', '{\n "a": "é"\n}'),
        (b"plain", "plain"),
        (b"\x00\x01", "00 01"),
        (encode(REFUSED)[:9], encode(REFUSED)[:9].hex(" ")),
    ],
)
def test_what_a_letter_holds_is_readable(held: bytes, shown: str) -> None:
    assert readable(held) == shown


def test_frame_of_ours_is_shown_as_what_it_is() -> None:
    assert readable(encode(Frame([command("acknowledge alert 1")]))).startswith("a frame\n{")


def test_header_of_a_frame_that_is_written_back_counts_as_the_door_did() -> None:
    ours, theirs = batch({"title": "A"}, {"refused": "no labels"}), batch({"title": "B"}, project="blog")
    frame = Frame([ours, theirs, command("resolve alert 1")])
    assert json.loads(events_of(frame)) == {"shop": 2, "blog": 1}


def test_letters_are_chosen_by_id_or_all_that_were_not_retried() -> None:
    letters = gather(TOPIC, [(0, 0, encode(REFUSED)), (0, 1, encode(REFUSED)), (0, 2, retried(0, "done"))])
    assert [one.id for one in choose(letters, [], every=True)] == ["0-1"]
    assert [one.id for one in choose(letters, find_letters(letters, ["0-0", "0-0"]), every=False)] == ["0-0"]
    with pytest.raises(OperatorError, match="name dead letters by their ids"):
        choose(letters, [], every=False)
    with pytest.raises(OperatorError, match="there is no dead letter 9-9"):
        find_letters(letters, ["9-9"])
