"""What a project's silences may cost together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.limits import Limits
from schemas.over_limit import OVER
from schemas.silence_limits import Cost, cost_of, find_excess

LIMITS = replace(Limits(), max_project_silences=5, max_project_instructions=60, max_project_exclusions=2)
INNER = ['instance=~".*nowhere.*"']


@pytest.mark.parametrize(
    ("matchers", "cost"),
    [
        (['service="web"'], Cost(1)),
        (['service=~"web|api"'], Cost(1)),
        (['service!="web"'], Cost(1, 0, 1)),
        (['service!~"web|api"', 'service=""'], Cost(1, 0, 1)),
        (['service!="web"', 'instance="a"'], Cost(1)),
        (['service=~"|web"'], Cost(1, 0, 1)),
    ],
)
def test_the_cost_of_a_silence_is_what_is_written(matchers: list[str], cost: Cost) -> None:
    assert cost_of(matchers) == cost


def test_expressions_cost_their_instructions() -> None:
    assert 15 < cost_of(INNER).instructions == cost_of([*INNER, 'service="web"']).instructions < 30


@pytest.mark.parametrize(
    ("made", "others", "new", "limit", "said"),
    [
        ([], 5, ['service="web"'], "max_project_silences", "at most 5 silences"),
        ([INNER, INNER], 0, INNER, "max_project_instructions", "of at most 60 instructions"),
        ([['a!="1"'], ['a!="2"']], 0, ['a!~"3|4"'], "max_project_exclusions", 'such as service="web"'),
    ],
)
def test_what_is_too_much_is_refused_and_counted(
    made: list[list[str]], others: int, new: list[str], limit: str, said: str
) -> None:
    before = OVER.labels(limit)._value.get()
    assert said in (find_excess(made, others, new, LIMITS) or "")
    assert OVER.labels(limit)._value.get() == before + 1
    assert find_excess(made[1:], max(0, others - 1), new, LIMITS) is None


def test_a_silence_that_costs_nothing_is_made_beside_those_that_are_over_the_limits() -> None:
    assert find_excess([INNER] * 3, 0, ['service="web"'], LIMITS) is None


def test_a_silence_from_before_the_limits_keeps_nobody_from_making_one() -> None:
    old = ['a=~"' + "|".join(f"word{number}[0-9]+.{{1,90}}" for number in range(900)) + '"']
    assert find_excess([old], 0, INNER, LIMITS) is None
