"""Times and durations on the command line. Not here: how times look (`tocsin/terminal.py`)."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from schemas.durations import parse_duration
from tocsin.terminal import iso, millis_of


def check_time(text: str | None) -> str | None:
    """Give a time as the API reads it, None when there is none; wrong usage when it is no time. Without a zone it is UTC."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time; write it as 2026-12-06T02:00 (UTC)") from error
    zoned = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    return zoned.isoformat()


def check_duration(text: str | None) -> str | None:
    """Give a duration back; wrong usage when it is none."""
    try:
        if text is not None:
            parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return text


def end_of(start: str | None, duration: str, now_millis: int) -> str:
    """Give when something ends that begins at a time, or now, and lasts so long."""
    return iso((now_millis if start is None else millis_of(start)) + parse_duration(duration))
