"""Silences found by the index, against asking each; and what is run when an alert comes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.core import silence_index
from processors.core.silence_index import SilenceIndex
from schemas.matchers import matches_all, parse_matcher
from schemas.records import SilenceState

TEXTS = (
    'service="web"', 'service="db"', 'instance="a"', 'instance=~"a|b"', 'instance=~"a.*"', 'instance=~".*b"', 'title=~".*[ab].*"',
    'title!~".*b.*"', 'severity="high"', 'severity=~"hi.*"', 'service!="web"', r'instance=~"\\Qa"', 'title=~"(?i)A.*"',
)  # fmt: skip
VALUES = st.sampled_from(["", "a", "b", "ab", "web", "db", "high", "low"])
ALERTS = st.fixed_dictionaries({"service": VALUES, "instance": VALUES, "title": VALUES, "severity\0": VALUES})
SILENCES = st.lists(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3), max_size=8)


def write(mapping: MutableMapping[Any, Any], key: Hashable, value: Any) -> None:
    mapping[key] = value


def remove(mapping: MutableMapping[Any, Any], key: Hashable) -> None:
    mapping.pop(key, None)


def silence(number: int, matchers: list[str]) -> SilenceState:
    return SilenceState("shop", str(number), 1, 0, -1, matchers, 0, 10, "", "ada", 0)


def index_of(silences: list[SilenceState]) -> SilenceIndex:
    index = SilenceIndex(write, remove)
    for one in silences:
        index.file(None, one)
    return index


def lookup_in(alert: dict[str, str]) -> Callable[[str], str]:
    return lambda name: alert.get(name, "")


def matching(silences: list[SilenceState], alert: dict[str, str]) -> list[str]:
    lookup = lookup_in(alert)
    return [one.id for one in silences if matches_all([parse_matcher(text) for text in one.matchers], lookup)]


def found(index: SilenceIndex, alert: dict[str, str]) -> list[str]:
    lookup = lookup_in(alert)
    return [entry.rule.id for entry in index.find("shop", lookup) if entry.fits(lookup)]


@given(SILENCES, ALERTS, st.sets(st.integers(0, 7)))
def test_the_index_finds_what_asking_each_finds_also_when_some_are_dropped(
    matchers: list[list[str]], alert: dict[str, str], dropped: set[int]
) -> None:
    silences = [silence(number, texts) for number, texts in enumerate(matchers)]
    index = index_of(silences)
    assert found(index, alert) == matching(silences, alert)
    for one in [one for one in silences if int(one.id) in dropped]:
        index.unfile(one)
    assert found(index, alert) == matching([one for one in silences if int(one.id) not in dropped], alert)


@given(SILENCES)
def test_nothing_is_kept_of_silences_that_have_ended(matchers: list[list[str]]) -> None:
    silences = [silence(number, texts) for number, texts in enumerate(matchers)]
    index = index_of(silences)
    index.find("shop", lookup_in({"instance": "a", "title": "a"}))
    for one in silences:
        index.unfile(one)
    assert (index._filed, index._places, index._forms, index._joined) == ({}, {}, {}, {})


def test_expressions_on_one_name_are_run_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    joined = silence_index.any_of

    def any_of(name: str, patterns: list[str]) -> Callable[[str], bool]:
        test = joined(name, patterns)
        return lambda text: asked.append(text) or test(text)  # type: ignore[func-returns-value]

    monkeypatch.setattr(silence_index, "any_of", any_of)
    index = index_of([silence(number, [f'instance=~".*nowhere-{number}.*"']) for number in range(300)])
    assert (index.find("shop", lookup_in({"instance": "host-7"})), asked) == ([], ["host-7"])


def test_a_silence_is_filed_where_fewest_are() -> None:
    index = index_of([silence(number, ['service="web"', f'instance="{number}"']) for number in range(300)])
    assert len(index.find("shop", lookup_in({"service": "web", "instance": "7"}))) <= 2


def test_an_expression_that_cannot_be_joined_is_asked_alone() -> None:
    index = index_of([silence(1, [r'instance=~"\\Qa.b"']), silence(2, ['instance=~"c.*"'])])
    assert found(index, {"instance": "a.b"}) == ["1"]
