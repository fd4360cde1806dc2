"""The limits, and that each is kept somewhere and counted."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from schemas.limits import Limits
from schemas.over_limit import OVER, count_over
from schemas.settings import PREFIX, Settings

ROOT = Path(__file__).parents[3]
FOLDERS = ("schemas", "producers", "processors", "sinks", "tocsin")
SOURCES = "\n".join(path.read_text() for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def test_each_limit_is_counted_where_it_is_kept() -> None:
    names = [entry.name for entry in fields(Limits)]
    assert [name for name in names if f'"{name}"' not in SOURCES] == []


def test_a_limit_below_one_is_the_operator_s_error() -> None:
    for entry in fields(Limits):
        with pytest.raises(SettingsError, match="at least 1"):
            Settings.load({PREFIX + entry.name.upper(): "0"})


def test_what_is_beyond_a_limit_is_counted_by_the_limit_s_name() -> None:
    before = OVER.labels("max_of_a_test")._value.get()
    count_over("max_of_a_test", 3)
    assert OVER.labels("max_of_a_test")._value.get() == before + 3
