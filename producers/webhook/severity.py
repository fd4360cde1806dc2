"""The words of many tools for how bad it is, as ours (BEHAVIOUR 2, row severity)."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.records import Severity

_WORDS: dict[Severity, str] = {
    "critical": "critical s1 p1 emergency fatal disaster",
    "high": "high s2 p2 major page severe",
    "medium": "medium moderate s3 p3 error alert average",
    "low": "low s4 p4 warn warning minor",
    "info": "info s5 p5 informational information debug notice none",
    "unknown": "unknown",
}
SEVERITY_OF: dict[str, Severity] = {word: severity for severity, words in _WORDS.items() for word in words.split()}


def word_of(text: str) -> str:
    """Give the form in which words are compared: trimmed, any case."""
    return text.strip().lower()


def build_table(severity_map: Mapping[str, Severity]) -> dict[str, Severity]:
    """Put an integration's own words over the common ones."""
    return SEVERITY_OF | {word_of(word): severity for word, severity in severity_map.items()}


def severity_of(text: str | None, table: Mapping[str, Severity]) -> Severity | None:
    """Look a word up; None when it is absent or unknown, and then the integration's default counts."""
    return None if text is None else table.get(word_of(text))
