"""The reference pages say what the code says."""

from __future__ import annotations

from dataclasses import fields

import pytest

from schemas.settings import PREFIX, Settings
from tocsin.documentation import DOCS, render_pages


@pytest.mark.parametrize("name", ["settings.md", "configuration.md"])
def test_a_reference_page_is_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == render_pages()[name], "run make docs"


def test_every_setting_is_documented() -> None:
    page = render_pages()["settings.md"]
    assert [entry.name for entry in fields(Settings) if f"`{PREFIX}{entry.name.upper()}`" not in page] == []


def test_a_key_is_told_with_how_it_is_written_and_its_default() -> None:
    page = render_pages()["configuration.md"]
    assert "| `flap_window` | duration | `10m` | See `flap_after`; steady for so long, it flaps no more. |" in page
    assert "| `projects` | name → [project](#project) | – | Teams or services, by key. |" in page
    assert "| `format` | `generic`, `alertmanager`, `topic` | required | What it sends. |" in page
