"""The words of many tools for whether something fires or is over, as ours (BEHAVIOUR 2, row status).

Not here: an end time, which resolves whatever the status says (`formats/generic.py`); vendors' formats, whose status has
two fixed words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from producers.webhook.refused import RejectedElement
from producers.webhook.text import DOTS, Json, cut, scalar_text, text
from schemas.configuration import StatusMeaning
from schemas.reasons import IGNORED
from schemas.severities import word_of

_WORDS: dict[StatusMeaning, str] = {
    "resolved": (
        "resolve resolved ok okay recovery recovered closed close clear cleared up normal healthy success passed inactive green"
    ),
    "firing": (
        "firing problem critical down alerting open trigger triggered active error fail failed warning unhealthy red pending"
    ),
}
STATUS_OF: dict[str, StatusMeaning] = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}
MAX_WORD = 1000
"""Longer than any word with the blanks around it; the rest is not looked at."""
SHOWN_LENGTH = 40
"""So much of a word that is not known is kept."""


class Status(NamedTuple):
    """What an element's status says; `unknown` is its word when that has no meaning here, and then it fires."""

    is_firing: bool
    unknown: str | None = None


FIRING, RESOLVED = Status(True), Status(False)


def build_table(status_map: Mapping[str, StatusMeaning]) -> dict[str, StatusMeaning]:
    """Put an integration's own words over the common ones."""
    return STATUS_OF | {word_of(word): meaning for word, meaning in status_map.items()}


def status_of(value: Json, table: Mapping[str, StatusMeaning]) -> Status | None:
    """Read a status; None when it is absent. Raises `RejectedElement` for one that is mapped to `ignore`.

    `false` is absent as everywhere, unless the integration maps it.
    """
    said = scalar_text(value) if value is False and "false" in table else text(value)
    if said is None:
        return None
    said = said.strip()[:MAX_WORD]
    match table.get(word_of(said)):
        case "resolved":
            return RESOLVED
        case "firing":
            return FIRING
        case "ignore":
            raise RejectedElement(f"{IGNORED}: status_map passes over the status {_shown(said)!r}")
    return Status(True, _shown(said))


def _shown(word: str) -> str:
    return cut(" ".join(word.split()), SHOWN_LENGTH + len(DOTS)) or ""
