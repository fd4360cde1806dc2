"""Rules found through the index are those that matching each of them finds, in the same order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from processors.core.matching import ALWAYS, Matching, RuleIndex, places_of
from schemas.matchers import SEVERITY_WORDS, join_words, parse_matcher

NAMES, VALUES = st.sampled_from(["a", "b", "severity"]), st.sampled_from(["", "x", "y", "z"])
MATCHERS = st.one_of(
    st.builds(lambda name, op, value: parse_matcher(f'{name}{op}"{value}"'), NAMES, st.sampled_from(["=", "!="]), VALUES),
    st.builds(
        lambda name, op, value: parse_matcher(f'{name}{op}"{value}"'),
        NAMES,
        st.sampled_from(["=~", "!~"]),
        st.sampled_from(["x|y", "x.*", "|x", ".+", "z"]),
    ),
)
RULES = st.lists(st.lists(MATCHERS, max_size=3), max_size=8)
LABELS = st.dictionaries(NAMES, VALUES)
WORDS = st.lists(VALUES, max_size=3)


@given(RULES, LABELS, WORDS)
def test_the_index_finds_what_asking_every_rule_finds_in_their_order(
    rules: list[list[object]], labels: dict[str, str], words: list[str]
) -> None:
    entries = [Matching(place, matchers) for place, matchers in enumerate(rules)]

    def lookup(name: str) -> str:
        return join_words("x", *words) if name == SEVERITY_WORDS else labels.get(name, "")

    assert list(RuleIndex(entries).find(lookup)) == [entry.rule for entry in entries if entry.fits(lookup)]


def test_a_rule_is_filed_under_the_matcher_that_allows_the_fewest_values() -> None:
    matchers = [parse_matcher(text) for text in ('a=~"x|y"', 'b="z"', 'c!="w"')]
    assert places_of(matchers) == (("b", "z"),)


def test_a_matcher_that_matches_the_empty_text_files_nothing() -> None:
    assert places_of([parse_matcher('a=""'), parse_matcher('b=~"|x"'), parse_matcher('c=~"x.*"')]) == ALWAYS


def test_a_rule_filed_under_a_severity_is_found_by_each_of_its_words_and_once() -> None:
    index = RuleIndex([Matching(text, [parse_matcher(text)]) for text in ('severity="y"', 'severity="z"', 'severity=~"x|y"')])
    assert list(index.find(lambda _: join_words("x", "y"))) == ['severity="y"', 'severity=~"x|y"']
