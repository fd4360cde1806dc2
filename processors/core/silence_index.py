"""Which silences may match an alert, without asking each: filed by a value that they need, and within it by an expression.

A silence is filed under the equality (or choice) of its own that fewest others are filed under. Those of one value that have an
expression on the same name are asked together first: one expression of all of theirs is run, and mostly none of them matches.
Changes go through the state's own writing, so that they are undone with it. Not here: what a silence does (`mutes.py`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

from processors.core.matching import Lookup, Matching, Place, places_of
from processors.core.undo import Index, Remove, Write
from schemas.matchers import SEVERITY, SEVERITY_WORDS, WORD_END, Matcher, any_of, parse_matcher
from schemas.records import SilenceState

SilenceKey = tuple[str, str]
Group = dict[str, Matching[SilenceState]]
"""Silences by id."""
LONGEST_JOINED = 1000
"""Characters of an expression that is run with others; none that people may write today is longer."""
ALONE = ""
"""The name under which silences are that have no expression to be asked by."""


class SilenceIndex(Index):
    """The silences of one partition that have not ended."""

    def __init__(self, write: Write, remove: Remove) -> None:
        super().__init__(write, remove)
        self._filed: dict[str, dict[str, dict[str, dict[str, Group]]]] = {}
        """By project, name, value, and name of the expression."""
        self._places: dict[SilenceKey, tuple[tuple[Place, ...], str]] = {}
        self._forms: dict[Hashable, int] = {}
        """Each form that a group has had has a number of its own, so that what was made of another is known."""
        self._next_form = count(1)
        self._joined: dict[Hashable, tuple[int, Callable[[str], bool]]] = {}
        """Only a memory of what was made of a group's expressions."""
        self._changes: list[tuple[int, str, str]] = []
        """When a silence begins or ends."""

    def file(self, old: SilenceState | None, silence: SilenceState) -> None:
        """File a silence, and note when it begins and ends."""
        key = (silence.project, silence.id)
        matching = Matching(silence, tuple(parse_matcher(text) for text in silence.matchers))
        places = self._places.get(key)
        if places is None:
            places = (self._places_of(silence.project, matching.matchers), _asked_by(matching.matchers))
            self._write(self._places, key, places)
        for group, at in self._groups(silence.project, *places):
            self._write(group, silence.id, matching)
            self._write(self._forms, at, next(self._next_form))
        for at_millis in {silence.starts_at, silence.ends_at} - ({old.starts_at, old.ends_at} if old is not None else set()):
            heapq.heappush(self._changes, (at_millis, *key))

    def unfile(self, silence: SilenceState) -> None:
        """Drop a silence that has ended, and what only it was filed in; one that is not there stays so."""
        key = (silence.project, silence.id)
        if key not in self._places:
            return
        places, asked_by = self._places[key]
        self._remove(self._places, key)
        by_name = self._filed[silence.project]
        for group, at in self._groups(silence.project, places, asked_by):
            self._remove(group, silence.id)
            self._write(self._forms, at, next(self._next_form))
            if not group:
                self._drop_group(by_name, at)
        if not by_name:
            self._remove(self._filed, silence.project)

    def has_any(self, project: str) -> bool:
        return project in self._filed

    def find(self, project: str, lookup: Lookup) -> list[Matching[SilenceState]]:
        """Give the silences that may match, lowest number first."""
        found: dict[str, Matching[SilenceState]] = {}
        for name, values in self._filed.get(project, {}).items():
            for value in lookup(name).split(WORD_END) if name == SEVERITY_WORDS else (lookup(name) if name else "",):
                for asked_by, group in values.get(value, {}).items():
                    if asked_by == ALONE or self._may_match(group, (project, name, value, asked_by), lookup(asked_by)):
                        found.update(group)
        return sorted(found.values(), key=lambda entry: int(entry.rule.id))

    def pop_changes(self, now: int) -> Iterator[SilenceKey]:
        """Take the silences that may have begun or ended by now; what is told is only that it is worth looking."""
        while self._changes and self._changes[0][0] <= now:
            _, project, id = heapq.heappop(self._changes)
            yield project, id

    def _may_match(self, group: Group, at: tuple[str, ...], text: str) -> bool:
        form, test = self._joined.get(at, (0, None))
        if test is None or form != self._forms[at]:
            expressions = [matcher.value for entry in group.values() for matcher in entry.matchers if _is_joined(matcher, at[-1])]
            test = any_of(at[-1], expressions)
            self._joined[at] = (self._forms[at], test)
        return test(text)

    def _groups(self, project: str, places: Iterable[Place], asked_by: str) -> Iterator[tuple[Group, tuple[str, ...]]]:
        by_name = self._bucket(self._filed, project)
        for name, value in places:
            yield self._bucket(self._bucket(self._bucket(by_name, name), value), asked_by), (project, name, value, asked_by)

    def _drop_group(self, by_name: dict[str, Any], at: tuple[str, ...]) -> None:
        _, name, value, asked_by = at
        self._remove(by_name[name][value], asked_by)
        self._remove(self._forms, at)
        self._joined.pop(at, None)
        if not by_name[name][value]:
            self._remove(by_name[name], value)
        if not by_name[name]:
            self._remove(by_name, name)

    def _places_of(self, project: str, matchers: Sequence[Matcher]) -> tuple[Place, ...]:
        by_name = self._filed.get(project, {})

        def crowd(name: str, values: frozenset[str]) -> int:
            return sum(len(group) for value in values for group in by_name.get(name, {}).get(value, {}).values())

        return places_of(matchers, crowd)


def _asked_by(matchers: Sequence[Matcher]) -> str:
    """Give the name of the longest expression that must match: it tells most apart."""
    joined = [matcher for matcher in matchers if _is_joined(matcher, matcher.name)]
    return max(joined, key=lambda matcher: len(matcher.value)).name if joined else ALONE


def _is_joined(matcher: Matcher, name: str) -> bool:
    r"""Say whether an expression can be one of several: `\Q` without its end would take in the next one."""
    is_asked = matcher.operator == "=~" and matcher.is_expression and matcher.name == name != SEVERITY
    return is_asked and len(matcher.value) <= LONGEST_JOINED and "\\Q" not in matcher.value
