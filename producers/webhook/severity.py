"""Reading a severity from the words of a sender (BEHAVIOUR 2, row severity). Not here: the words (`schemas/severities.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from producers.webhook.text import MAX_NAME
from schemas.records import Severity
from schemas.severities import SEVERITY_OF, word_of

MAX_WORD = 1000
"""Longer than any word with the blanks around it: what is longer is known by nobody, and not looked up."""


def build_table(severity_map: Mapping[str, Severity]) -> dict[str, Severity]:
    """Put an integration's own words over the common ones."""
    return SEVERITY_OF | {word_of(word): severity for word, severity in severity_map.items()}


def severity_of(text: str | None, table: Mapping[str, Severity]) -> Severity | None:
    """Look a word up; None when it is absent or unknown, and then the integration's default counts."""
    return None if text is None or len(text) > MAX_WORD else table.get(word_of(text))


def word_as_sent(text: str | None) -> str | None:
    """Give the word that the core keeps beside ours, for matchers (BEHAVIOUR 5); a text too long to be a word is left out."""
    return text if text is not None and 0 < len(text) <= MAX_NAME else None
