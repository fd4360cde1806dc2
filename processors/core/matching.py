"""Finding which of many rules match, without asking each: rules are filed under a value that one of their matchers needs.

Most matchers are equalities, or choices between texts; a rule filed under `service="db"` is only asked when the
service is db. Rules without such a matcher are always asked. A severity has several words (`SEVERITY_WORDS`), so a rule
filed under one is asked when it is any of them. Not here: what is done with the rules found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from schemas.matchers import SEVERITY_WORDS, WORD_END, Matcher, matches_all

T = TypeVar("T")
Lookup = Callable[[str], str]
Place = tuple[str, str]
"""A name and the value it must have."""
ALWAYS: tuple[Place, ...] = (("", ""),)
"""Where rules are filed that every alert is put to."""


@dataclass(frozen=True, slots=True)
class Matching(Generic[T]):
    """One rule of any kind with its matchers."""

    rule: T
    matchers: Sequence[Matcher]

    def fits(self, lookup: Lookup) -> bool:
        return matches_all(self.matchers, lookup)


def places_of(
    matchers: Iterable[Matcher], crowd: Callable[[str, frozenset[str]], int] = lambda name, values: 0
) -> tuple[Place, ...]:
    """Give where a rule is filed: under each value that one of its matchers allows, the matcher with the fewest.

    Of several it is the one where `crowd` says that fewest are filed already.
    """
    needed = [(matcher.looked_up, values) for matcher in matchers if (values := matcher.values) and "" not in values]
    if not needed:
        return ALWAYS
    name, values = min(needed, key=lambda need: (len(need[1]), crowd(*need)))
    return tuple((name, value) for value in sorted(values))


class RuleIndex(Generic[T]):
    """Rules that do not change, in their order."""

    def __init__(self, rules: Iterable[Matching[T]]) -> None:
        self.rules = tuple(rules)
        self._filed: dict[str, dict[str, list[int]]] = {}
        for order, entry in enumerate(self.rules):
            for name, value in places_of(entry.matchers):
                self._filed.setdefault(name, {}).setdefault(value, []).append(order)
        self._by_word = self._filed.pop(SEVERITY_WORDS, None)

    def find(self, lookup: Lookup) -> Iterator[T]:
        """Give the rules that match, in their order."""
        found: list[int] = []
        for name, values in self._filed.items():
            found += values.get(lookup(name) if name else "", ())
        if self._by_word is not None:
            for word in lookup(SEVERITY_WORDS).split(WORD_END):
                found += self._by_word.get(word, ())
            found = list(set(found))  # one that allows two of the words was found twice
        found.sort()
        for order in found:
            if self.rules[order].fits(lookup):
                yield self.rules[order].rule

    def first(self, lookup: Lookup) -> T | None:
        """Give the first rule that matches, if any does."""
        return next(self.find(lookup), None)
