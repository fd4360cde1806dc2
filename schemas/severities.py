"""The words of many tools for how bad it is, as ours (BEHAVIOUR 2, row severity).

Not here: reading them from a payload (`producers/webhook`), what matchers make of them (`matchers.py`).
"""

from __future__ import annotations

from typing import Final

from schemas.records import Severity

WORDS: Final[dict[Severity, str]] = {
    "critical": "critical s1 p1 emergency fatal disaster",
    "high": "high s2 p2 major page severe",
    "medium": "medium moderate s3 p3 error alert average",
    "low": "low s4 p4 warn warning minor",
    "info": "info s5 p5 informational information debug notice none",
    "unknown": "unknown",
}
SEVERITY_OF: Final[dict[str, Severity]] = {word: severity for severity, words in WORDS.items() for word in words.split()}


def word_of(text: str) -> str:
    """Give the form in which words are compared: trimmed, any case."""
    return text.strip().lower()
