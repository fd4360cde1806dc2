"""Silences on a terminal: a list as a table, one as names and values (LOOK.md). Pure: the time is passed in."""

from __future__ import annotations

from producers.operator.shapes import MutedCount, Silence
from tocsin.read_api import Silences
from tocsin.terminal import Cell, Column, Terminal, exact, millis_of, one_line, relative, render_fields, render_table

COLUMNS = (
    Column("id", is_number=True),
    Column("state"),
    Column("matchers", is_wide=True),
    Column("begins"),
    Column("ends"),
    Column("by"),
    Column("comment"),
)


def render_silences(page: Silences, project: str, terminal: Terminal, now: int, *, is_filtered: bool) -> str:
    """Lay out a page of silences, or say why there is none."""
    if not page.items:
        hint = f"`tocsin silence create {project} 'service=\"web\"' --for 2h --comment WHY` makes one."
        return f"No silences of {project} are like that." if is_filtered else f"No silences in {project} yet. {hint}"
    table = render_table(terminal, COLUMNS, [_row(silence, now) for silence in page.items])
    return table if page.next is None else f"{table}\n\nThere are more: --cursor {page.next}"


def render_silence(silence: Silence, terminal: Terminal, now: int) -> str:
    """Lay out one silence."""
    fields = [
        ("state", silence.state),
        ("begins", _when(silence.starts_at, now)),
        ("ends", _when(silence.ends_at, now)),
        ("by", silence.created_by),
        ("comment", silence.comment),
        ("matchers", "\n".join(one_line(matcher) for matcher in silence.matchers)),
        ("would have muted", f"{alert_count(silence.muted_7d)} of the 7 days before"),
    ]
    return f"silence {silence.id}\n{render_fields(terminal, fields)}"


def render_preview(count: MutedCount) -> str:
    """Say what a silence would have muted, and what is odd about its matchers."""
    said = "more alerts of the last 7 days than could be counted in time"
    if count.muted_7d is not None:
        said = f"{alert_count(count.muted_7d)} of the last 7 days"
    return "\n".join([*(f"Warning: {warning}" for warning in count.warnings or ()), f"It would have muted {said}."])


def alert_count(alerts: int) -> str:
    return "1 alert" if alerts == 1 else f"{alerts:,} alerts"


def _row(silence: Silence, now: int) -> list[Cell]:
    return [
        Cell(silence.id),
        Cell(silence.state, "2" if silence.state == "expired" else ""),
        Cell(" ".join(silence.matchers)),
        Cell(relative(millis_of(silence.starts_at), now)),
        Cell(relative(millis_of(silence.ends_at), now)),
        Cell(silence.created_by),
        Cell(silence.comment),
    ]


def _when(time: str, now: int) -> str:
    return f"{exact(millis_of(time))} ({relative(millis_of(time), now)})"
