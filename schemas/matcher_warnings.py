"""Matchers that can match nothing, or exclude nothing: they name a severity, status or integration that does not exist.

A warning and never an error: a sender may have a word for a severity that nobody here knows. Not here: reading matchers
(`matchers.py`), where in a file they stand (`configuration_warnings.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, get_args

from schemas.configuration import Project
from schemas.matchers import SEVERITY, Matcher
from schemas.records import SEVERITIES, AlertStatus, IncidentStatus
from schemas.severities import SEVERITY_OF, word_of

FIRING: Final = ("triggered", "acknowledged")
"""The statuses of alerts that rules look at, and of incidents that routes do."""
OPEN: Final = (*FIRING, "ignored")
"""Of alerts that a silence or a window can mute."""
OF_ALERTS: Final[tuple[str, ...]] = get_args(AlertStatus)
OF_INCIDENTS: Final[tuple[str, ...]] = get_args(IncidentStatus)
MEANT: Final = {"firing": "triggered", "active": "triggered", "open": "triggered", "closed": "resolved", "acked": "acknowledged"}
"""What other tools call our statuses."""


@dataclass(frozen=True, slots=True)
class Known:
    """The values that exist, in lower case where any case will do."""

    severities: Sequence[str]
    """Ours, the words that stand for them, and those of the project's own `severity_map`."""
    statuses: Sequence[str]
    integrations: Sequence[str] | None
    """None: it is not known which there are."""

    def values(self, name: str) -> Sequence[str] | None:
        """Give the values that a field may have; None: any."""
        return {SEVERITY: self.severities, "status": self.statuses, "integration": self.integrations}.get(name)


def known_of(project: Project | None, statuses: Sequence[str]) -> Known:
    """Give the values that exist in a project; None: one that the configuration no longer has."""
    integrations = {} if project is None else project.integrations
    own = [word_of(word) for entry in integrations.values() for word in entry.severity_map]
    severities = dict.fromkeys((*SEVERITIES, *SEVERITY_OF, *own))
    return Known(tuple(severities), statuses, None if project is None else tuple(integrations))


def find_warning(matcher: Matcher, known: Known) -> str | None:
    """Say what is odd about a matcher, and the nearest that is not; None: nothing."""
    values = known.values(matcher.name)
    if values is None:
        return None
    is_excluding = matcher.operator in ("!=", "!~")
    wanted = Matcher(matcher.name, "=" if matcher.operator in ("=", "!=") else "=~", matcher.value)
    if is_excluding and all(wanted.matches(value) for value in _always(matcher.name, values)):
        return f"{matcher} excludes every alert"
    outcome = "excludes nothing" if is_excluding else "matches nothing"
    if wanted.values is None:
        if any(wanted.matches(written) for value in values for written in (value, value.upper(), value.capitalize())):
            return None
        return f"{matcher} {outcome}: no {matcher.name} there is fits it{_nearest(matcher.name, matcher.value, values)}"
    if wanted.values == {""}:
        return None if is_excluding else f"{matcher} {outcome}: every alert has {_article(matcher.name)}"
    strange = sorted(value for value in wanted.values if value and not _is_known(matcher.name, value, values))
    if not strange:
        return None
    if len(wanted.values) > 1:
        outcome = f"{'excludes' if is_excluding else 'matches'} nothing by {strange[0]!r}"
    return f"{matcher} {outcome}: there is no {matcher.name} {strange[0]!r}{_nearest(matcher.name, strange[0], values)}"


def find_warnings(matchers: Sequence[Matcher], known: Known) -> list[str]:
    """Give what is odd about several matchers, in their order."""
    return [warning for matcher in matchers if (warning := find_warning(matcher, known)) is not None]


def _always(name: str, values: Sequence[str]) -> Sequence[str]:
    """Give the values of which each alert has one; of a severity ours, whatever was sent."""
    return SEVERITIES if name == SEVERITY else values


def _is_known(name: str, value: str, values: Sequence[str]) -> bool:
    return (word_of(value) if name == SEVERITY else value) in values


def _nearest(name: str, value: str, values: Sequence[str]) -> str:
    sought = re.sub(r"[^\w -]", "", value.lower())
    close = [MEANT[sought]] if name == "status" and MEANT.get(sought) in values else get_close_matches(sought, values, 1)
    if close:
        return f"; did you mean {close[0]!r}?"
    listed = ", ".join((SEVERITIES if name == SEVERITY else sorted(values))[:10]) or "none"
    more = ", and senders' words for them" if name == SEVERITY else f"; a label of that name is labels.{name}"
    return f" (there are: {listed}{more})"


def _article(name: str) -> str:
    return f"an {name}" if name == "integration" else f"a {name}"
