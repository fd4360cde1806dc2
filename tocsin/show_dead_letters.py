"""Dead letters on a terminal (LOOK.md). Pure: the time is passed in. Not here: reading them (`dead_letters.py`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from schemas.codec import HEADER_BYTES, MARKER, decode, schemas_by_fingerprint
from schemas.errors import MalformedRecord
from tocsin.dead_letters import Letter
from tocsin.terminal import Cell, Column, Terminal, exact, iso, relative, render_fields, render_table

COLUMNS = (Column("id"), Column("given up"), Column("by"), Column("why", is_wide=True), Column("retried"))
NOTHING = "No dead letters: nothing was given up"


def render_letters(letters: Sequence[Letter], terminal: Terminal, now: int, hidden: int) -> str:
    """Lay out letters, the newest first; `hidden` of them were retried and are not shown."""
    also = f"{hidden} that {'was' if hidden == 1 else 'were'} retried: `--all` shows {'it' if hidden == 1 else 'them'} too."
    if not letters:
        return f"{NOTHING}{f', but {also}' if hidden else '.'}"
    table = render_table(terminal, COLUMNS, [_row(letter, now) for letter in reversed(letters)])
    return f"{table}\n\nand {also}" if hidden else table


def render_letter(letter: Letter, terminal: Terminal, now: int) -> str:
    """Lay out one letter: why, where from, what was done about it; what it holds last."""
    record = letter.record
    place = f"{record.origin_topic}, partition {record.origin_partition}, offset {record.origin_offset}"
    tried = "\n".join(f"{exact(one.at)}: {one.note.state}: {one.note.text}" for one in letter.tried)
    fields = [
        ("dead letter", letter.id),
        ("given up", f"{exact(record.at)} ({relative(record.at, now)}) by {record.written_by}"),
        ("why", record.reason),
        ("comes from", place if record.origin_offset >= 0 else record.origin_topic),
        ("retried", tried or f"never: `tocsin deadletters retry {letter.id}`"),
        ("holds", readable(record.original)),
    ]
    return render_fields(terminal, fields)


def describe(letter: Letter) -> dict[str, Any]:
    """Give a letter for `--json`; what it holds as bytes in hex."""
    record = letter.record
    return {
        "id": letter.id,
        "at": iso(record.at),
        "written_by": record.written_by,
        "reason": record.reason,
        "origin": {"topic": record.origin_topic, "partition": record.origin_partition, "offset": record.origin_offset},
        "retries": [{"at": iso(one.at), "state": one.note.state, "text": one.note.text} for one in letter.tried],
        "original": record.original.hex(),
    }


def readable(data: bytes) -> str:
    """Write bytes as what they hold: JSON, a record of ours, text, or hex."""
    schema = schemas_by_fingerprint().get(data[2:HEADER_BYTES]) if data[:2] == MARKER else None
    try:
        if schema is not None:
            built = msgspec.to_builtins(decode(data, schema.record), builtin_types=(bytes,))
            return f"a {schema.name}\n{json.dumps(built, indent=1, ensure_ascii=False, default=_bytes)}"
        return json.dumps(json.loads(data), indent=1, ensure_ascii=False)
    except (ValueError, MalformedRecord):
        text = data.decode(errors="replace")
        return text if text.isprintable() else data.hex(" ")


def _bytes(value: object) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)


def _row(letter: Letter, now: int) -> list[Cell]:
    last = letter.tried[-1].note.state if letter.tried else "never"
    record = letter.record
    return [Cell(letter.id), Cell(relative(record.at, now)), Cell(record.written_by), Cell(record.reason), Cell(last)]
