"""The shapes that stand before a word wherever people read how bad it is (LOOK): on a terminal, in Slack, in the demo."""

from __future__ import annotations

SEVERITY_SHAPES = {"critical": "▲", "high": "◆", "medium": "●", "low": "■", "info": "○", "unknown": "○"}
RESOLVED_SHAPE = "✓"


def shape_of(severity: str, status: str) -> str:
    """Give the shape of an incident: that it is resolved, else how bad it is."""
    return RESOLVED_SHAPE if status == "resolved" else SEVERITY_SHAPES[severity]


def severity_words(severity: str) -> str:
    """Write a severity as its shape and its word; a word that is none has the shape of unknown."""
    return f"{SEVERITY_SHAPES.get(severity, SEVERITY_SHAPES['unknown'])} {severity}"
