"""Labels and annotations: objects whose scalars are text."""

from __future__ import annotations

from producers.webhook.refused import RejectedElement
from producers.webhook.text import Json, clean, scalar_text
from schemas.limits import Limits
from schemas.over_limit import count_over


def text_pairs(limits: Limits, value: Json) -> list[tuple[str, str]]:
    """List the scalars of an object as text, sorted by name; empty values and what is no scalar are left out.

    Raises `RejectedElement` for more members than may be.
    """
    if not isinstance(value, dict):
        return []
    if len(value) > limits.max_labels:
        count_over("max_labels")
        raise RejectedElement(f"an alert may have {limits.max_labels} labels, and as many annotations; send fewer")
    pairs = ((name, item if type(item) is str else scalar_text(item)) for name, item in value.items())
    return sorted((name, item) for name, item in pairs if item)


def clean_map(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Make a map that PostgreSQL can hold, sorted by name as the pairs are; of names that become the same the last counts."""
    cleaned = {clean(name): clean(value) for name, value in pairs}
    return dict(sorted(cleaned.items())) if any("\0" in name for name, _ in pairs) else cleaned
