"""Figures printed and compared."""

from __future__ import annotations

from pathlib import Path

from tests.bench.figures import load, render_figures, render_ratios, save


def test_a_row_is_one_line_with_its_columns() -> None:
    shown = render_figures({"core/merged us": 12.34, "core/created us": 1234.5, "codec/read us": 8.0})
    assert [line.split() for line in shown.splitlines()] == [
        ["core", "merged", "us", "12.3", "created", "us", "1,234"],
        ["codec", "read", "us", "8.0"],
    ]


def test_two_files_are_compared_figure_by_figure(tmp_path: Path) -> None:
    save({"a/x us": 10.0, "a/gone us": 1.0, "a/zero us": 0.0}, tmp_path / "old")
    save({"a/x us": 5.0, "a/zero us": 1.0, "a/come us": 2.0}, tmp_path / "new")
    shown = render_ratios(load(tmp_path / "old"), load(tmp_path / "new"))
    assert [" ".join(line.split()) for line in shown.splitlines()] == [
        "a/x us 10.0 5.0 x 0.50",
        "a/zero us 0.0 1.0 -",
        "a/gone us only in the old file",
        "a/come us only in the new file",
    ]
