"""Figures by name, `row/column unit`: how they are printed, kept and compared. Not here: measuring."""

from __future__ import annotations

import json
from pathlib import Path

Figures = dict[str, float]
NAME_WIDTH = 52


def render_figures(figures: Figures) -> str:
    """Write a line for each row, its columns one after the other."""
    rows: dict[str, list[str]] = {}
    for name, value in figures.items():
        row, _, column = name.partition("/")
        rows.setdefault(row, []).append(f"{column} {_number(value)}")
    return "\n".join(f"{row:{NAME_WIDTH}} " + "   ".join(columns) for row, columns in rows.items())


def render_ratios(old: Figures, new: Figures) -> str:
    """Write a line for each figure that both have, with new as a multiple of old; then those that one lacks."""
    lines = [
        f"{name:{NAME_WIDTH + 24}} {_number(old[name]):>10} {_number(value):>10} {_ratio(old[name], value):>8}"
        for name, value in new.items()
        if name in old
    ]
    lines += [f"{name:{NAME_WIDTH + 24}} only in the old file" for name in old if name not in new]
    lines += [f"{name:{NAME_WIDTH + 24}} only in the new file" for name in new if name not in old]
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def _ratio(old: float, new: float) -> str:
    return "-" if old == 0 else f"x {new / old:.2f}"


def save(figures: Figures, file: Path) -> None:
    file.write_text(json.dumps(figures, indent=1) + "\n")


def load(file: Path) -> Figures:
    return {str(name): float(value) for name, value in json.loads(file.read_text()).items()}
