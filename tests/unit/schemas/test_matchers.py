"""Matchers as people write them, against Alertmanager's own documented cases and against Python's re."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigurationError
from schemas.matchers import (
    FIELD_NAMES,
    SEVERITY_WORDS,
    InvalidMatcher,
    Matcher,
    join_words,
    matches_all,
    parse_matcher,
    parse_matchers,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('severity="high"', ("severity", "=", "high")),
        ('severity=~"high|low"', ("severity", "=~", "high|low")),
        ("  severity != high ", ("severity", "!=", "high")),
        ("env!~prod-.+", ("env", "!~", "prod-.+")),
        ('empty=""', ("empty", "=", "")),
        ("empty=", ("empty", "=", "")),
        ('labels.service="billing"', ("labels.service", "=", "billing")),
        ('"a b"="c d"', ("a b", "=", "c d")),
        ("Σ=π", ("Σ", "=", "π")),
        ('"\\u03a3"="\\x41\\101"', ("Σ", "=", "AA")),
        ('quote="say \\"hi\\"\\n\\\\"', ("quote", "=", 'say "hi"\n\\')),
        ('path=~"C:\\.\\d+"', ("path", "=~", "C:\\.\\d+")),
        ('comma="a,b}"', ("comma", "=", "a,b}")),
        ("sum=a=b", ("sum", "=", "a=b")),
        ('both="\\t"', ("both", "=", "\\t")),
    ],
)
def test_matcher_is_read_in_both_of_alertmanagers_forms(text: str, expected: tuple[str, str, str]) -> None:
    matcher = parse_matcher(text)
    assert (matcher.name, matcher.operator, matcher.value) == expected


@pytest.mark.parametrize(
    ("text", "character", "reason"),
    [
        ("", 1, "a matcher is expected, not the end"),
        ("severity", 9, "an operator is expected, not the end"),
        ('severity=="high"', 10, "a value, in quotes"),
        ("a==b", 3, "a value, in quotes"),
        ('severity="high', 10, "the quote that opens here is not closed"),
        ('severity="hi"gh"', 14, "a comma before the next matcher"),
        ('="high"', 1, "a name is expected"),
        ('""="high"', 3, "the name is empty"),
        ('"Σ"="\\q"', 6, "no such escape: \\q"),
        ('a="b",c="d"', 10, "not a list"),
        ('{a="b"}', 1, "takes no braces"),
        ('severity=~"hi(gh"', 12, "missing ): hi(gh"),
        ('severity=~"high|(?=x)"', 17, "invalid perl operator: (?="),
        ("a=~b{2000}", 5, "invalid repetition size: {2000}"),
    ],
)
def test_error_says_what_is_wrong_and_at_which_character(text: str, character: int, reason: str) -> None:
    with pytest.raises(InvalidMatcher, match=re.escape(reason)) as caught:
        parse_matcher(text)
    assert f"at character {character}:" in str(caught.value)
    assert isinstance(caught.value, ConfigurationError)


def test_lists_are_read_with_and_without_braces() -> None:
    expected = [Matcher("a", "=", "b,c"), Matcher("d", "!~", "e|f")]
    for text in ('{a="b,c",d!~"e|f"}', 'a="b,c", d!~"e|f"', '{ "a"="b,c" , d!~"e|f", }'):
        assert parse_matchers(text) == expected


@pytest.mark.parametrize("text", ["{}", "{a=b", "a=b,,c=d", '"a b"=c}'])
def test_broken_lists_are_refused(text: str) -> None:
    with pytest.raises(InvalidMatcher):
        parse_matchers(text)


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ('a="x"', ["x"], ["", "xx", "X"]),
        ('a!="x"', ["", "xx"], ["x"]),
        ('a=~"x|y"', ["x", "y"], ["", "xy", "x|y"]),
        ('a=~"x.*|yy?"', ["x", "xaz", "yy"], ["", "ax", "yyy"]),
        ('a!~"x|y.?"', ["", "xy"], ["x", "y1"]),
        ('a=~""', [""], ["x"]),
        ('a=~".+"', ["x"], ["", "x\ny"]),
        ('a=~"(?i)HIGH"', ["high", "High"], ["highs"]),
    ],
)
def test_regular_expressions_match_the_whole_text_and_absent_is_empty(text: str, yes: list[str], no: list[str]) -> None:
    matcher = parse_matcher(text)
    assert [value for value in yes + no if matcher.matches(value)] == yes


def test_all_matchers_must_match_and_none_match_everything() -> None:
    matchers = [parse_matcher('a="1"'), parse_matcher('b=""')]
    assert matches_all(matchers, {"a": "1", "b": ""}.__getitem__)
    assert not matches_all(matchers, {"a": "1", "b": "2"}.__getitem__)
    assert matches_all([], {}.__getitem__)


@given(pattern=st.from_regex(r"[abc.|()?*+\[\]^]{1,8}", fullmatch=True), value=st.text("abc\n", max_size=5))
def test_simple_patterns_match_as_pythons_own(pattern: str, value: str) -> None:
    try:
        expected = re.fullmatch(pattern, value) is not None
        matcher = Matcher("a", "=~", pattern)
    except (re.error, FutureWarning, InvalidMatcher):
        return  # one of them has no such syntax; the cases above say what ours refuses
    assert matcher.matches(value) == expected
    assert Matcher("a", "!~", pattern).matches(value) == (not expected)


@given(
    pattern=st.lists(st.text("ab1 -_", max_size=3), min_size=1, max_size=4).map("|".join), value=st.text("ab1 -_|", max_size=4)
)
def test_choices_between_texts_match_as_pythons_own(pattern: str, value: str) -> None:
    assert Matcher("a", "=~", pattern).matches(value) == (re.fullmatch(pattern, value) is not None)


@given(name=st.text(min_size=1), value=st.text(), operator=st.sampled_from(["=", "!="]))
def test_written_matcher_reads_back_equal(name: str, value: str, operator: str) -> None:
    matcher = Matcher(name, operator, value)  # type: ignore[arg-type]
    assert parse_matcher(str(matcher)) == matcher


LINES = "first line\ndisk is full\nlast line"


@pytest.mark.parametrize("name", FIELD_NAMES)
def test_a_dot_matches_a_line_break_in_our_fields(name: str) -> None:
    assert Matcher(name, "=~", ".*disk.*").matches(LINES)
    assert not Matcher(name, "!~", "first.+line").matches(LINES)
    assert not Matcher(name, "=~", "(?-s).*disk.*").matches(LINES)


@pytest.mark.parametrize("name", ["team", "labels.description", "labels.title"])
def test_a_dot_matches_no_line_break_in_labels_as_in_alertmanager(name: str) -> None:
    assert not Matcher(name, "=~", ".*disk.*").matches(LINES)
    assert Matcher(name, "!~", ".*disk.*").matches(LINES)
    assert Matcher(name, "=~", "(?s).*disk.*").matches(LINES)


@pytest.mark.parametrize(
    ("text", "words", "is_true"),
    [
        ('severity="low"', ("low", "warning"), True),
        ('severity="warning"', ("low", "warning"), True),
        ('severity="warning"', ("low", None, ""), False),
        ('severity="lowwarning"', ("low", "warning"), False),
        ('severity!="low"', ("low", "warning"), False),
        ('severity!="warning"', ("low", "warning"), False),
        ('severity!="high"', ("low", "warning"), True),
        ('severity=~"high|warn.*"', ("low", "warning"), True),
        ('severity!~"warn.*"', ("low", "warning"), False),
        ('severity!~"high|page"', ("low", "warning"), True),
        ('severity=""', ("low", None, ""), False),
        ('severity!=""', ("low", None, ""), True),
        ('severity=~"low.warning"', ("low", "warning"), False),
    ],
)
def test_a_matcher_on_severity_is_true_of_our_word_or_of_one_as_sent_and_excludes_by_either(
    text: str, words: tuple[str | None, ...], is_true: bool
) -> None:
    assert matches_all([parse_matcher(text)], {SEVERITY_WORDS: join_words(*words), "severity": words[0]}.__getitem__) is is_true


def test_a_label_named_severity_is_compared_alone() -> None:
    lookup = {"labels.severity": "warning"}.__getitem__
    assert matches_all([parse_matcher('labels.severity="warning"'), parse_matcher('labels.severity!="low"')], lookup)
