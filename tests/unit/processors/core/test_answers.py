"""Answers that are remembered."""

from __future__ import annotations

import sys

import pytest

from processors.core.answers import MOST_AS_THEY_ARE, Answer
from schemas.records import CommandState, EventOutcome


def command(count: int) -> CommandState:
    events = [EventOutcome(index, "done", 1000 + index, 7) for index in range(count)]
    return CommandState("shop", "ada", "id", b"digest", 5, events)


@pytest.mark.parametrize("count", [0, 1, MOST_AS_THEY_ARE, MOST_AS_THEY_ARE + 1, 5000])
def test_an_answer_is_remembered_as_it_was(count: int) -> None:
    answer = Answer.of(command(count))
    assert (answer.at, answer.digest, answer.events) == (5, b"digest", command(count).events)


def test_the_rows_of_a_command_about_many_alerts_are_not_kept() -> None:
    assert sys.getsizeof(Answer.of(command(5000))._events) < 5000 * 10
