"""What the commands that read the operator API share: their arguments, and whom they ask."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.records import SEVERITIES
from schemas.settings import Settings

if TYPE_CHECKING:
    from tocsin.asking import Asking

MAX_NUMBER = 2**63 - 1
DEFAULT_LIMIT = 50
"""A screenful or two; the API itself gives 100."""
Project = Annotated[str, typer.Argument(help="The project's key.")]
Number = Annotated[int, typer.Argument(min=1, max=MAX_NUMBER, help="Its number in the project.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="At most so many.")]
Cursor = Annotated[str | None, typer.Option(help="Go on where the list before ended.")]
Json = Annotated[bool, typer.Option("--json", help="As the API answers, for machines.")]


def words(*known: str) -> Callable[[list[str] | None], list[str] | None]:
    """Make an option's check that each of its values is a known word; typer checks words only where there is one."""

    def check(said: list[str] | None) -> list[str] | None:
        for word in said or []:
            if word not in known:
                raise typer.BadParameter(f"{word!r} is not one of {', '.join(known)}")
        return said

    return check


Severities = Annotated[list[str] | None, typer.Option("--severity", callback=words(*SEVERITIES), help="Only these (repeatable).")]
Assignees = Annotated[list[str] | None, typer.Option("--assignee", help="Only of these people, or `me` (repeatable).")]

Matchers = Annotated[
    list[str] | None, typer.Option("--matcher", help="As in silences, such as 'service=~\"web|api\"' (repeatable).")
]
Search = Annotated[str | None, typer.Option("--search", help="Part of title, description, service or monitoring tool.")]
Since = Annotated[str | None, typer.Option("--from", help="Begun then or later, such as 2026-12-06T02:00 (UTC).")]
SORT_HELP = "`-`: largest, most severe or newest first [-urgency: open, then most severe, then newest]."
DEFAULT_SORT = "-urgency"
"""What should be seen first is at the top (LOOK.md)."""
Before = Annotated[str | None, typer.Option("--to", help="Begun before then.")]


def as_in_api(kinds: list[str] | None) -> list[str] | None:
    """Give kinds of entries that were written as the timeline shows them, such as `alert joined`, as the API does."""
    return None if kinds is None else [kind.replace(" ", "_") for kind in kinds]


Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", callback=as_in_api, help="Of the timeline only this, as it stands in `what` (repeatable)."),
]
Actors = Annotated[list[str] | None, typer.Option("--actor", help="Of the timeline only what they did; or `me` (repeatable).")]
HappenedSince = Annotated[str | None, typer.Option("--from", help="Of the timeline only what happened then or later.")]
HappenedBefore = Annotated[str | None, typer.Option("--to", help="Of the timeline only what happened before then.")]


def operator() -> Asking:
    """Find the operator API and a token for it; raises `OperatorError` that says how to get one."""
    from tocsin.addresses import operator_token, operator_url
    from tocsin.asking import Asking

    settings = Settings.load()
    return Asking(operator_url(settings), operator_token(settings))


def tell_warnings(answer: bytes) -> None:
    """Say on standard error what an answer warns of, as of matchers that can match nothing."""
    from tocsin.read_api import Warned, read

    for warning in read(answer, Warned).warnings:
        print(f"Warning: {warning}", file=sys.stderr)
