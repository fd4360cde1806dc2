"""Labels and annotations: objects whose scalars are text."""

from __future__ import annotations

from producers.webhook.text import Json, clean, scalar_text


def text_pairs(value: Json) -> list[tuple[str, str]]:
    """List the scalars of an object as text, sorted by name; empty values and what is no scalar are left out."""
    if not isinstance(value, dict):
        return []
    pairs = ((name, item if type(item) is str else scalar_text(item)) for name, item in value.items())
    return sorted((name, item) for name, item in pairs if item)


def clean_map(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Make a map that PostgreSQL can hold, in the same order."""
    return {clean(name): clean(value) for name, value in pairs}
