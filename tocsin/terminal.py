"""How things look on a terminal (LOOK.md): aligned columns without boxes, a shape and a word for each state, relative times.

What senders wrote is made harmless here: their control characters could rewrite the screen. Not here: what is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.cells import cell_len, set_cell_size

from schemas.shapes import severity_words
from tocsin.harmless import harmless

COLOURS = {"critical": "1;31", "high": "31", "medium": "33", "low": "36", "info": "2", "unknown": "2"}
"""Of the terminal's own sixteen, so that they fit its background; never the only sign."""
GAP = "  "
MIN_WIDE = 20
"""Columns below which the wide column is not cut, however narrow the terminal."""
UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))
NONE = "–"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the output can show: colours or not, and how wide it is (None: no terminal, nothing is cut)."""

    has_colours: bool = False
    width: int | None = None

    @classmethod
    def find(cls) -> Terminal:
        """Ask standard output; `NO_COLOR` and `TERM=dumb` are honoured."""
        from rich.console import Console

        console = Console()
        if not console.is_terminal:
            return cls()
        return cls(console.color_system is not None and not console.no_color, console.width)

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.has_colours and code else text


@dataclass(frozen=True, slots=True)
class Column:
    """Numbers stand to the right; of the columns one may be wide, and gives way on a narrow terminal."""

    heading: str
    is_number: bool = False
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, and the code of its colour."""

    text: str
    code: str = ""


def severity_cell(severity: str) -> Cell:
    return Cell(severity_words(severity), COLOURS.get(severity, ""))


def one_line(text: str) -> str:
    return harmless(" ".join(text.split()))


def render_table(terminal: Terminal, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> str:
    """Lay out rows under their headings."""
    shown = [[Cell(one_line(cell.text), cell.code) for cell in row] for row in rows]
    widths = [
        max(cell_len(text) for text in (column.heading, *(row[at].text for row in shown))) for at, column in enumerate(columns)
    ]
    wide = next((at for at, column in enumerate(columns) if column.is_wide), None)
    if wide is not None and terminal.width is not None:
        rest = sum(widths) - widths[wide] + len(GAP) * (len(columns) - 1)
        widths[wide] = min(widths[wide], max(MIN_WIDE, terminal.width - rest))
    lines = [[Cell(column.heading, "2") for column in columns], *shown]
    return "\n".join(_line(terminal, columns, widths, line) for line in lines)


def _line(terminal: Terminal, columns: Sequence[Column], widths: Sequence[int], cells: Sequence[Cell]) -> str:
    fitted = [_fit(cell.text, width, column.is_number) for cell, width, column in zip(cells, widths, columns, strict=True)]
    fitted[-1] = fitted[-1].rstrip()
    return GAP.join(terminal.paint(text, cell.code) for text, cell in zip(fitted, cells, strict=True))


def _fit(text: str, width: int, is_number: bool) -> str:
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    blank = " " * (width - cell_len(text))
    return blank + text if is_number else text + blank


def render_fields(terminal: Terminal, fields: Sequence[tuple[str, str]]) -> str:
    """Lay out names and values, one a line; further lines of a value stand below its first."""
    width = max((len(name) for name, _ in fields), default=0)
    lines = []
    for name, value in fields:
        below = "\n" + " " * (2 + width + len(GAP))
        lines.append(f"  {terminal.paint(name.ljust(width), '2')}{GAP}{below.join(harmless(value).splitlines())}")
    return "\n".join(lines)


def millis_of(time: str) -> int:
    """Read a time as the API writes it."""
    return (datetime.fromisoformat(time) - _EPOCH) // timedelta(milliseconds=1)


def iso(millis: int) -> str:
    """Write a time as the API does."""
    return _utc(millis).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def exact(millis: int) -> str:
    """Write a time with its zone."""
    return _utc(millis).replace(tzinfo=None).isoformat(" ", "seconds") + " UTC"


def _utc(millis: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=millis)


def relative(millis: int, now_millis: int) -> str:
    """Write how long ago a time is, in its largest unit."""
    distance = abs(now_millis - millis)
    said = next((f"{distance // size} {unit}" for size, unit in UNITS if distance >= size), None)
    if said is None:
        return "now"
    return f"{said} ago" if millis < now_millis else f"in {said}"


def muted_words(kind: str, id: str) -> str:
    """Say what mutes an alert."""
    return f"inhibited by alert #{id}" if kind == "inhibition" else f"muted by {kind} {id}"
