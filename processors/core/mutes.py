"""Which silence, window or source mutes an alert now, and which alerts one that begins or ends concerns (BEHAVIOUR 5).

Not here: what muting does (`suppress.py`), the indexes of silences (`State`), which alerts inhibit which (`inhibition.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from processors.core.content import lookup_of
from processors.core.inhibition import find_source
from processors.core.rules import Lookup, ProjectRules
from processors.core.state import State
from schemas.matchers import Matcher, matches_all
from schemas.records import AlertState, SuppressedBy

OF_THE_ALERT = ("severity", "status", "integration")
"""Names whose values stand in the alert itself, not in what it says."""


def find_reason(state: State, rules: ProjectRules, alert: AlertState) -> SuppressedBy | None:
    """Give what mutes an alert now, the first in the order of BEHAVIOUR 5; of several of a kind the lowest number or first."""
    if not (state.mutes.silences.has_any(alert.project) or rules.maintenance.rules or rules.inhibition.rules):
        return None
    lookup = lookup_of(state, alert)
    silence = _find_silence(state, alert.project, lookup)
    if silence is not None:
        return SuppressedBy("silence", silence)
    for window in rules.maintenance.find(lookup):
        if window.is_open(state.now):
            return SuppressedBy("maintenance", window.name)
    source = find_source(state, alert)
    return None if source is None else SuppressedBy("inhibition", str(source))


def _find_silence(state: State, project: str, lookup: Lookup) -> str | None:
    for entry in state.mutes.silences.find(project, lookup):
        if entry.rule.starts_at <= state.now < entry.rule.ends_at and entry.fits(lookup):
            return entry.rule.id
    return None


def look_again_for(state: State, project: str, matchers: Sequence[Matcher]) -> None:
    """Let every open alert that matches be looked at again when this record's item ends: something begins to mute them."""
    for number in _that_match(state, project, matchers, sorted(state.mutes.open_numbers.get(project, ()))):
        state.mutes.look_again(project, number)


def _that_match(state: State, project: str, matchers: Sequence[Matcher], numbers: Iterable[int]) -> Iterator[int]:
    needles = [_needles(matcher) for matcher in matchers if matcher.values and matcher.name not in OF_THE_ALERT]
    for number in numbers:
        body = state.contents[project, number]
        if all(any(needle in body for needle in choice) for choice in needles):
            alert = state.alerts[project, number]
            if matches_all(matchers, lookup_of(state, alert)):
                yield number


def _needles(matcher: Matcher) -> list[bytes]:
    """Give the bytes of which one must stand in what an alert says if it is to match: spares decoding most alerts."""
    return [value.encode("utf-8", "surrogatepass") for value in matcher.values or ()]
