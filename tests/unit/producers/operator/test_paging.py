"""Cursors: what a list gives as `next`, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.operator.paging import Cursor, Sort, read_cursor, write_cursor
from producers.operator.problems import Malformed


@given(key=st.text(max_size=100), number=st.integers(1, 2**63 - 1), sort=st.sampled_from(["number", "-started_at"]))
def test_cursor_reads_back_equal(key: str, number: int, sort: str) -> None:
    cursor = Cursor(sort, key, number)
    assert read_cursor(write_cursor(cursor), Sort.parse(sort)) == cursor


def test_cursor_of_another_sort_is_refused() -> None:
    with pytest.raises(Malformed, match="belongs to sort=-number"):
        read_cursor(write_cursor(Cursor("-number", "7", 7)), Sort.parse("number"))


@pytest.mark.parametrize("text", ["", "x", "é", "AAAA", "W10", "WzEsMiwzXQ", "A" * 10_000])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(Malformed, match="not one that a list gave"):
        read_cursor(text, Sort.parse("number"))


@given(st.text(max_size=50))
def test_no_text_breaks_it(text: str) -> None:
    try:
        read_cursor(text, Sort.parse("number"))
    except Malformed:
        pass  # the only error that a sender is told of


def test_a_cursor_of_a_list_whose_rows_have_something_else_is_refused() -> None:
    with pytest.raises(Malformed, match="another list"):
        read_cursor(write_cursor(Cursor("number", "7", 7)), Sort.parse("number"), str)
    with pytest.raises(Malformed, match="another list"):
        read_cursor(write_cursor(Cursor("number", "7", "7")), Sort.parse("number"))
