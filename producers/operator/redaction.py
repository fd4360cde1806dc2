"""Taking out of an answer the numbers of incidents and alerts that a viewer may not see: that they exist is confidential, too.

What an answer is about was asked for as the viewer may see it (`queries.py`); here it is what that names beside itself: the
incident it was merged into, the alert before it, what texts of the timeline and refusals say. Not here: who sees what
(`viewers.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from producers.operator import queries
from producers.operator.database import Reader
from producers.operator.queries import Scope
from producers.operator.shapes import AlertInList, AlertTimelineEntry, Incident, SuppressedBy, TimelineEntry

S = TypeVar("S", bound=msgspec.Struct)
MAX_NUMBER = 2**63 - 1
_NAMED = re.compile(r"\b(?P<kind>incident|alert)(?= #)|(?<![\w&])#(?P<number>[0-9]{1,19})\b", re.IGNORECASE)
Hidden = frozenset[tuple[str, int]]
"""Kinds (`incident`, `alert`) and numbers."""


async def redact(database: Reader, scope: Scope, shown: Sequence[S]) -> list[S]:
    """Give what is shown without the numbers that the viewer may not see; one question for all of it."""
    if scope.sees_confidential:
        return list(shown)
    hidden = await find_hidden(database, scope, [number for one in shown for number in _numbers(one)])
    return [_without(one, hidden) for one in shown] if hidden else list(shown)


async def redact_text(database: Reader, scope: Scope, text: str) -> str:
    """Do the same to one text."""
    if scope.sees_confidential:
        return text
    return _text_without(text, await find_hidden(database, scope, _numbers_in(text)))


async def find_hidden(database: Reader, scope: Scope, numbers: Iterable[int]) -> Hidden:
    """Say which of these are numbers of incidents or alerts that there are, and that the viewer does not see."""
    wanted = sorted({number for number in numbers if 0 < number <= MAX_NUMBER})
    if not wanted:
        return frozenset()
    return frozenset((row["kind"], row["number"]) for row in await database.rows(queries.find_hidden(scope, wanted)))


def _numbers(one: msgspec.Struct) -> list[int]:
    match one:
        case AlertInList():  # an alert with its payload is one too
            by = one.suppressed_by
            inhibiting = [int(by.id)] if by is not None and by.kind == "inhibition" and by.id.isdigit() else []
            return [number for number in (one.incident, one.previous, *inhibiting) if number is not None]
        case Incident():
            return [] if one.merged_into is None else [one.merged_into]
        case AlertTimelineEntry():
            return _numbers_in(one.text) + ([] if one.incident is None else [one.incident])
        case TimelineEntry():
            return _numbers_in(one.text)
    return []


def _numbers_in(text: str) -> list[int]:
    return [int(found["number"]) for found in _NAMED.finditer(text) if found["number"]]


def _without(one: S, hidden: Hidden) -> S:
    match one:
        case AlertInList():
            incident, previous = _kept("incident", one.incident, hidden), _kept("alert", one.previous, hidden)
            return replace(one, incident=incident, previous=previous, suppressed_by=_cause_without(one.suppressed_by, hidden))
        case Incident():
            return replace(one, merged_into=_kept("incident", one.merged_into, hidden))
        case AlertTimelineEntry():
            incident = _kept("incident", one.incident, hidden)
            return replace(one, incident=incident, text=_text_without(one.text, hidden))
        case TimelineEntry():
            return replace(one, text=_text_without(one.text, hidden))
    return one


def _cause_without(by: SuppressedBy | None, hidden: Hidden) -> SuppressedBy | None:
    if by is None or by.kind != "inhibition" or not by.id.isdigit() or ("alert", int(by.id)) not in hidden:
        return by
    return replace(by, id="")


def _kept(kind: str, number: int | None, hidden: Hidden) -> int | None:
    return None if (kind, number) in hidden else number


def _text_without(text: str, hidden: Hidden) -> str:
    """Write `another` in place of a number; one of which no word says what it is of is taken for both."""
    kind = ""

    def without(found: re.Match[str]) -> str:
        nonlocal kind
        if found["kind"]:
            kind = found["kind"].lower()
            return found[0]
        named, number, kind = kind, int(found["number"]), ""
        kinds = (named,) if named else ("incident", "alert")
        return "(another)" if any((one, number) in hidden for one in kinds) else found[0]

    return _NAMED.sub(without, text) if hidden else text
