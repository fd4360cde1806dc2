"""SECURITY.md names proofs that exist, and links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "SECURITY.md").read_text()


def test_each_promise_names_tests_that_exist() -> None:
    table = TEXT.partition("## What is promised")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    proofs = [re.findall(r"`(tests/[^`]+)`", row) for row in rows]
    assert len(rows) >= 8
    assert all(proofs)
    assert [path for paths in proofs for path in paths if not (ROOT / path).exists()] == []


def test_each_link_leads_to_a_file_and_to_a_heading_in_it() -> None:
    for path, _, heading in re.findall(r"\]\(([^)#]+)(#([^)]+))?\)", TEXT):
        text = (ROOT / path).read_text()
        assert not heading or re.search(rf"^#+ {heading}$", text, re.MULTILINE | re.IGNORECASE), (path, heading)


def test_commands_that_it_names_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert [name for name in re.findall(r"`make ([a-z-]+)`", TEXT) if f"\n{name}:" not in makefile] == []
