"""Paths into a payload, such as `check.name` or `alerts[0].title`, by which an integration maps fields."""

from __future__ import annotations

import re
from typing import TypeAlias

from producers.webhook.text import Json, JsonObject

Path: TypeAlias = "tuple[str | int, ...]"
_STEP = re.compile(r"\[(\d{1,6})\]|\.?([^.\[\]]+)")


def parse_path(text: str) -> Path:
    """Read a path; one that cannot be read leads nowhere (the configuration's check says so to its author)."""
    steps = list(_STEP.finditer(text))
    if "".join(step[0] for step in steps) != text:
        return ()
    return tuple(int(step[1]) if step[1] else step[2] for step in steps)


def render_path(path: Path) -> str:
    """Write a path as `parse_path` reads it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def walk(path: Path, payload: JsonObject) -> Json:
    """Follow a path; None where it leads nowhere."""
    value: Json = payload if path else None
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def without(path: Path, value: Json) -> Json:
    """Copy a value without what a path leads to; the original stays as it is."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, str) and isinstance(value, dict) and step in value:
        return {key: without(rest, item) if key == step else item for key, item in value.items() if rest or key != step}
    if isinstance(step, int) and isinstance(value, list) and step < len(value):
        return [without(rest, item) if at == step else item for at, item in enumerate(value) if rest or at != step]
    return value
