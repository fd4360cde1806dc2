"""What people see on a terminal: columns that line up, and nothing that a sender's text can do to the screen."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tocsin.terminal import (
    Cell,
    Column,
    Terminal,
    exact,
    iso,
    millis_of,
    one_line,
    relative,
    render_fields,
    render_table,
    severity_cell,
)

COLUMNS = [Column("severity"), Column("#", is_number=True), Column("title", is_wide=True), Column("service")]
NOW = 1_800_000_000_000


def rows(title: str) -> list[list[Cell]]:
    return [
        [severity_cell("critical"), Cell("9"), Cell(title), Cell("checkout")],
        [severity_cell("low"), Cell("10"), Cell("b"), Cell("–")],
    ]


def test_columns_line_up_and_numbers_stand_to_the_right() -> None:
    assert render_table(Terminal(), COLUMNS, rows("Checkout is down")).splitlines() == [
        "severity     #  title             service",
        "▲ critical   9  Checkout is down  checkout",
        "■ low       10  b                 –",
    ]


@pytest.mark.parametrize("title", ["a title that goes on and on and on", "結帳結帳結帳結帳結帳結帳結帳結帳結帳", "🔥" * 30])
def test_the_title_gives_way_on_a_narrow_terminal(title: str) -> None:
    lines = render_table(Terminal(width=50), COLUMNS, rows(title)).splitlines()
    assert max(map(cell_len, lines)) <= 50
    assert lines[1].endswith("…  checkout") or lines[1].endswith("… " + " checkout")


def test_nothing_is_cut_where_there_is_no_terminal() -> None:
    assert "x" * 500 in render_table(Terminal(), COLUMNS, rows("x" * 500))


def test_colour_is_on_the_shape_and_word_alone_and_only_where_it_is_wanted() -> None:
    line = render_table(Terminal(has_colours=True), COLUMNS, rows("b")).splitlines()[1]
    assert line == "\x1b[1;31m▲ critical\x1b[0m   9  b      checkout"
    assert "\x1b" not in render_table(Terminal(), COLUMNS, rows("b"))


@pytest.mark.parametrize("harm", ["\x1b[2J", "\x07", "\x9b31m", "\u202egnp", "\u2066", "\x00", "\r"])
def test_a_senders_control_characters_do_not_reach_the_screen(harm: str) -> None:
    shown = render_table(Terminal(), COLUMNS, rows(f"a{harm}b")) + render_fields(Terminal(), [("title", f"a{harm}b")])
    assert not set(harm) & set("\x1b\x07\x9b\u202e\u2066\x00\r") & set(shown)


def test_a_title_of_several_lines_stays_in_its_row() -> None:
    assert one_line(" a\n\tb  c ") == "a b c"


def test_fields_line_up_below_their_first_line() -> None:
    assert render_fields(Terminal(), [("id", "1"), ("hosts", "web-1\nweb-2")]) == "  id     1\n  hosts  web-1\n         web-2"


@pytest.mark.parametrize(
    ("before", "said"),
    [(0, "now"), (999, "now"), (59_999, "59 s ago"), (60_000, "1 min ago"), (7_200_000, "2 h ago"), (172_800_000, "2 d ago"),
     (-300_000, "in 5 min")],
)  # fmt: skip
def test_relative_time_is_in_its_largest_unit(before: int, said: str) -> None:
    assert relative(NOW - before, NOW) == said


def test_exact_time_names_its_zone() -> None:
    assert (exact(NOW), iso(NOW + 5)) == ("2027-01-15 08:00:00 UTC", "2027-01-15T08:00:00.005Z")
    assert millis_of("2027-01-15T08:00:00.005Z") == NOW + 5
