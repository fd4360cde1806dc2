"""How the reasons of outcomes begin that others look for: what an integration is told, and what is counted by it.

Not here: all other reasons, which are words for people alone.
"""

from __future__ import annotations

IGNORED = "ignored"
"""A refusal that the configuration asked for (`status_map`): nobody has to be told that something is wrong."""
UNKNOWN_STATUS = "unknown status word"
"""An event that counted as firing because the word of its status has no meaning yet; the word follows."""


def unknown_status(word: str) -> str:
    return f"{UNKNOWN_STATUS}: {word}"


def unknown_status_in(reason: str | None) -> str | None:
    """Give the word that a reason names as unknown; None when it is another reason."""
    if reason is None or not reason.startswith(f"{UNKNOWN_STATUS}: "):
        return None
    return reason.removeprefix(f"{UNKNOWN_STATUS}: ")


def is_ignored(reason: str) -> bool:
    return reason.startswith(f"{IGNORED}:")
