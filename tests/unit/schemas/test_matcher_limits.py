"""What an expression may cost, and how many matchers may stand together."""

from __future__ import annotations

import pytest

from schemas import matcher_limits
from schemas.limits import Limits
from schemas.matcher_limits import TooDear, TooManyMatchers, check_list, check_silence, program_size, read_matchers, read_text
from schemas.matcher_syntax import InvalidMatcher
from schemas.matchers import Matcher, parse_matcher
from schemas.over_limit import OVER

LIMITS = Limits()
WORDS = [f"word{number}" for number in range(200)]


def counted(limit: str) -> float:
    return float(OVER.labels(limit)._value.get())


@pytest.mark.parametrize(
    "text",
    ['a=~".*disk.*full.*"', f'a=~"{"|".join(WORDS)}"', f'a="{"x" * 5000}"', f'a=~"{"x" * 400}."'],
)  # fmt: skip
def test_what_is_cheap_is_read(text: str) -> None:
    assert read_text(text, LIMITS) == [parse_matcher(text)]


@pytest.mark.parametrize(
    ("text", "limit", "said"),
    [
        (f'a=~"{"x" * 500}."', "max_expression_characters", "an expression has at most 500 characters"),
        ('a=~"(?:word[0-9]){110}"', "max_expression_instructions", "of at most 500 instructions"),
        ("a=~'" + r"\pL" * 11 + "'", "max_expression_instructions", "at most 10 classes of Unicode"),
    ],
)
def test_a_dear_expression_is_refused_counted_and_what_to_write_is_said(text: str, limit: str, said: str) -> None:
    before = counted(limit)
    with pytest.raises(TooDear) as raised:
        read_text(text, LIMITS)
    assert (said in str(raised.value), "use = or a choice of texts (a|b)" in str(raised.value)) == (True, True)
    assert counted(limit) == before + 1


def test_an_expression_is_judged_before_a_matcher_is_made_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher_limits, "build_matcher", lambda *_: pytest.fail("it was compiled"))
    with pytest.raises(TooDear):
        read_text('a=~"(?:word[0-9]){110}"', LIMITS)


def test_what_is_no_expression_is_said_as_ever() -> None:
    with pytest.raises(InvalidMatcher, match="missing ]"):
        read_text('a=~"[a"', LIMITS)


def test_a_long_text_is_not_repeated_whole_in_the_message() -> None:
    with pytest.raises(TooDear) as raised:
        read_text(f'a=~"{"x" * 5000}."', LIMITS)
    assert len(str(raised.value)) < 500


def test_a_list_and_a_silence_have_so_many_matchers_and_expressions() -> None:
    expressions = read_matchers([f'a=~"x{number}.*"' for number in range(6)], LIMITS)
    choices = [Matcher("a", "=~", "b|c")] * 20
    for check in (check_list, check_silence):
        check([*expressions[:5], *choices[:15]], LIMITS)
        with pytest.raises(TooManyMatchers, match="at most 5 expressions, not 6"):
            check(expressions, LIMITS)
    with pytest.raises(TooManyMatchers, match="at most 20 matchers, not 21"):
        check_list([*choices, choices[0]], LIMITS)
    with pytest.raises(TooManyMatchers, match="at most 50 matchers, not 60"):
        check_silence(choices * 3, LIMITS)


def test_a_program_is_small_for_what_people_write() -> None:
    assert [program_size(text) < 60 for text in (".*disk.*full.*", "web-[0-9]+", "(?i)error.*")] == [True] * 3


def test_an_expression_from_before_the_limits_goes_on_meaning_what_it_meant() -> None:
    old = parse_matcher(f'a=~"{"|".join(word + "[0-9]+.{1,20}" for word in WORDS)}"')
    assert (old.matches("word7123x"), old.matches("word7x")) == (True, False)
