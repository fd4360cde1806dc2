"""What the pending and active silences of one project may cost together: each new or changed alert is put to them.

Judged when a silence is made or given other matchers, by what is written alone. Two made at the same moment may go beyond by
one; the core takes whatever is in the inbox. Not here: single matchers (`matcher_limits.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.limits import Limits
from schemas.matcher_limits import UNKNOWN, program_size
from schemas.matcher_syntax import InvalidMatcher, Written, read_list
from schemas.matchers import is_choice
from schemas.over_limit import count_over


@dataclass(frozen=True, slots=True)
class Cost:
    """Of some silences: their number, the instructions of their expressions, and how many only exclude."""

    silences: int = 0
    instructions: int = 0
    exclusions: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.silences + other.silences, self.instructions + other.instructions, self.exclusions + other.exclusions)


def cost_of(matchers: Sequence[str]) -> Cost:
    """Give the cost of one silence. What cannot be read costs nothing: nobody could have made it."""
    try:
        written = [one for text in matchers for one in read_list(text)]
    except InvalidMatcher:
        return Cost(1)
    expressions = [one for one in written if one.operator in ("=~", "!~") and not is_choice(one.value)]
    return Cost(1, sum(map(_size, expressions)), int(not any(map(_tells_apart, written))))


def find_excess(made: Iterable[Sequence[str]], others: int, new: Sequence[str], limits: Limits) -> str | None:
    """Say why a silence is too much beside those that are made; None: it is not.

    `made` are the matchers of each other silence that has an expression or an exclusion, `others` is the number of the rest.
    """
    own = cost_of(new)
    cost = sum(map(cost_of, made), own + Cost(others))
    instead = "end some of them, or use = or a choice of texts (a|b)"
    if cost.silences > limits.max_project_silences:
        return _refuse("max_project_silences", f"a project has at most {limits.max_project_silences} silences: end some of them")
    if own.instructions and cost.instructions > limits.max_project_instructions:
        text = f"the expressions of this project's silences take RE2 {cost.instructions} of at most"
        return _refuse("max_project_instructions", f"{text} {limits.max_project_instructions} instructions; {instead}")
    if own.exclusions and cost.exclusions > limits.max_project_exclusions:
        text = f"a project has at most {limits.max_project_exclusions} silences that only exclude (!= and !~)"
        return _refuse("max_project_exclusions", f'{text}; add what it is about, such as service="web"')
    return None


def _tells_apart(matcher: Written) -> bool:
    """Whether a text can be told by it to be one of few: it is not merely anything but something."""
    if matcher.operator == "=":
        return matcher.value != ""
    return matcher.operator == "=~" and not (is_choice(matcher.value) and "" in matcher.value.split("|"))


def _size(expression: Written) -> int:
    size = program_size(expression.value)
    return 0 if size == UNKNOWN else size  # made before there were limits; it must not keep others from being made


def _refuse(limit: str, text: str) -> str:
    count_over(limit)
    return text
