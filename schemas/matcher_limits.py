"""What an expression may cost, judged when somebody writes it: the same on each machine, however busy it is.

An expression is judged by the program that RE2 makes of it, which is what compiling and running it cost. So it is judged
before it is compiled in full, and never when alerts flow. A choice between texts (`a|b|c`) is looked up, and costs nothing.
Not here: what silences of a project cost together (`silence_limits.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import re2

from schemas.limits import Limits
from schemas.matcher_syntax import InvalidMatcher, Written, read_list
from schemas.matchers import Matcher, build_matcher, compile_expression, is_choice
from schemas.over_limit import count_over

JUDGED_BYTES = 128 * 1024
"""Memory to judge an expression in: RE2 gives up on a larger program within 2 ms instead of 250."""
MAX_CLASSES = 10
r"""Of Unicode's (`\pL`) in an expression: each is some hundred ranges to read, which RE2 bounds by nothing."""
UNKNOWN = 1 << 30
TOO_LARGE = b"pattern too large"
"""How RE2 says that a program does not fit into the memory it may take."""
_CLASS = re.compile(r"\\[pP]")
INSTEAD = "use = or a choice of texts (a|b), begin with a fixed text, or write less repetition"


class TooDear(InvalidMatcher):
    """A matcher that can be read, and would cost more than it may."""


class TooManyMatchers(InvalidMatcher):
    """More matchers, or more expressions, than may stand together."""


def read_matchers(texts: Iterable[str], limits: Limits) -> list[Matcher]:
    """Read matchers that a person wrote; raises `InvalidMatcher`, before anything dear is done."""
    return [matcher for text in texts for matcher in read_text(text, limits)]


def read_text(text: str, limits: Limits) -> list[Matcher]:
    """Read one text of one matcher or more; raises as `read_matchers` does."""
    found = read_list(text)
    for written in found:
        if written.operator in ("=~", "!~"):
            _check(text, written, limits)
    return [build_matcher(text, written) for written in found]


def check_list(matchers: Iterable[Matcher], limits: Limits) -> None:
    """Raise `TooManyMatchers` when a list is asked for by more than one request may run."""
    _check_counts(list(matchers), "max_list_matchers", "max_list_expressions", limits, "a list is narrowed by")


def check_silence(matchers: Iterable[Matcher], limits: Limits) -> None:
    """Raise `TooManyMatchers` when one silence, or one command to many alerts, has more than it may."""
    _check_counts(list(matchers), "max_silence_matchers", "max_silence_expressions", limits, "one silence or command has")


@lru_cache(1024)
def program_size(pattern: str) -> int:
    """Give how many instructions RE2 makes of an expression: `UNKNOWN` where these are too many to say, 0 where it is none."""
    try:
        return int(compile_expression(pattern, True, JUDGED_BYTES).programsize)
    except re2.error as error:
        return UNKNOWN if TOO_LARGE in error.args[0] else 0
    finally:
        re2.purge()


def _check(text: str, written: Written, limits: Limits) -> None:
    if is_choice(written.value):
        return
    if len(written.value) > limits.max_expression_characters:
        count_over("max_expression_characters")
        most = limits.max_expression_characters
        raise TooDear(f"an expression has at most {most} characters; {INSTEAD}", text, written.value_at + most)
    if len(_CLASS.findall(written.value)) > MAX_CLASSES:
        count_over("max_expression_instructions")
        raise TooDear(rf"an expression names at most {MAX_CLASSES} classes of Unicode (\p…); {INSTEAD}", text, written.value_at)
    size = program_size(written.value)
    if size > limits.max_expression_instructions:
        count_over("max_expression_instructions")
        most = limits.max_expression_instructions
        words = "more" if size == UNKNOWN else str(size)
        raise TooDear(f"this expression takes RE2 {words} of at most {most} instructions; {INSTEAD}", text, written.value_at)


def _check_counts(matchers: list[Matcher], most_name: str, expressions_name: str, limits: Limits, what: str) -> None:
    most, most_expressions = getattr(limits, most_name), getattr(limits, expressions_name)
    if len(matchers) > most:
        _refuse(most_name, f"{what} at most {most} matchers, not {len(matchers)}", matchers[most])
    expressions = [matcher for matcher in matchers if matcher.is_expression]
    if len(expressions) > most_expressions:
        text = f"{what} at most {most_expressions} expressions, not {len(expressions)}: join some to one, or use = or a|b"
        _refuse(expressions_name, text, expressions[most_expressions])


def _refuse(limit: str, text: str, matcher: Matcher) -> None:
    count_over(limit)
    raise TooManyMatchers(text, str(matcher), 0)
