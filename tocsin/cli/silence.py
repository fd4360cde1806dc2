"""`tocsin silence …`: list, show and every command, through the operator API. Not here: how it looks (`show_silences.py`)."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

import typer

from schemas.clock import now_millis
from tocsin.cli import acting, reading
from tocsin.cli.names import check_name
from tocsin.cli.times import check_duration, check_time, end_of
from tocsin.terminal import Terminal

app = typer.Typer(help="The silences of a project.", no_args_is_help=True)
STATES = ("pending", "active", "expired")
Sort = Literal["ends_at", "-ends_at", "starts_at", "-starts_at"]
Id = Annotated[str, typer.Argument(help="As the list shows it.")]
Start = Annotated[str | None, typer.Option("--from", callback=check_time, help="When it begins (UTC) [now].")]
Until = Annotated[str | None, typer.Option("--until", callback=check_time, help="When it ends, such as 2026-12-06T02:00 (UTC).")]
Duration = Annotated[str | None, typer.Option("--for", callback=check_duration, help="How long it lasts, such as 2h.")]


@app.command("list")
def list_silences(
    project: reading.Project,
    state: Annotated[
        list[str] | None, typer.Option(callback=reading.words(*STATES), help="Only these (repeatable) [all].")
    ] = None,
    search: Annotated[str | None, typer.Option(help="Part of a matcher, comment or author.")] = None,
    sort: Annotated[Sort, typer.Option(help="`-`: the latest first.")] = "-ends_at",
    limit: reading.Limit = reading.DEFAULT_LIMIT,
    cursor: reading.Cursor = None,
    as_json: reading.Json = False,
) -> None:
    """List a project's silences, those that end last at the top."""
    from tocsin.read_api import Silences, list_path, query_of, read
    from tocsin.show_silences import render_silences

    filters = query_of(state=state, search=search)
    with reading.operator() as asking:
        answer = asking.get(
            list_path(check_name(project), "silences"), [*filters, *query_of(sort=sort, limit=limit, cursor=cursor)]
        )
    if as_json:
        print(answer.decode())
        return
    is_filtered = bool(filters or cursor)
    print(render_silences(read(answer, Silences), project, Terminal.find(), now_millis(), is_filtered=is_filtered))


@app.command()
def show(project: reading.Project, id: Id, as_json: reading.Json = False) -> None:
    """Show one silence."""
    from producers.operator.shapes import Silence
    from tocsin.read_api import read
    from tocsin.show_silences import render_silence

    with reading.operator() as asking:
        answer = asking.get(_path(project, id))
    print(answer.decode() if as_json else render_silence(read(answer, Silence), Terminal.find(), now_millis()))


@app.command()
def create(
    project: reading.Project,
    matchers: Annotated[list[str], typer.Argument(help="All must match, such as 'service=\"web\"' 'severity!=\"critical\"'.")],
    comment: Annotated[str, typer.Option(help="Why: whoever misses an alert reads it.")],
    start: Start = None,
    until: Until = None,
    duration: Duration = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: reading.Json = False,
) -> None:
    """Mute all alerts that match, for a time; on a terminal says first how many it would have muted, and asks."""
    ends_at = _end(start, until, duration)
    if ends_at is None:
        raise typer.BadParameter("say when it ends, by --for or --until")
    body = {"matchers": matchers, "starts_at": start, "ends_at": ends_at, "comment": comment}
    if not yes and is_terminal():
        _ask_first(project, body)
    acting.act(project, "silences", body, as_json)


@app.command()
def edit(
    project: reading.Project,
    id: Id,
    matcher: Annotated[list[str] | None, typer.Option(help="Others (repeatable): makes a new silence and ends this one.")] = None,
    comment: Annotated[str | None, typer.Option(help="Another reason.")] = None,
    start: Start = None,
    until: Until = None,
    duration: Duration = None,
    as_json: reading.Json = False,
) -> None:
    """Change a silence; what is not said stays as it is."""
    from producers.operator.shapes import Silence
    from tocsin.read_api import read

    with reading.operator() as asking:
        found = read(asking.get(_path(project, id)), Silence)
    said = {
        "matchers": matcher or found.matchers,
        "starts_at": start or found.starts_at,
        "ends_at": _end(start, until, duration) or found.ends_at,
        "comment": found.comment if comment is None else comment,
    }
    acting.act(project, f"silences/{_id(id)}", said, as_json, method="PUT")


@app.command()
def expire(project: reading.Project, id: Id, as_json: reading.Json = False) -> None:
    """End a silence now: alerts that still fire take part as if they had begun now."""
    acting.act(project, f"silences/{_id(id)}", {}, as_json, method="DELETE")


def is_terminal() -> bool:
    """Say whether a person can be asked, and sees the question."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ask_first(project: str, body: dict[str, Any]) -> None:
    """Say what a silence would have muted and ask; ends the command unless the answer is yes."""
    import msgspec

    from producers.operator.shapes import MutedCount
    from tocsin.read_api import list_path
    from tocsin.show_silences import render_preview

    said = {name: value for name, value in body.items() if value is not None}
    with reading.operator() as asking:
        answer = asking.post(list_path(check_name(project), "silences/preview"), said)
    print(render_preview(msgspec.json.decode(answer, type=MutedCount)))
    typer.confirm("Create it?", abort=True)


def _end(start: str | None, until: str | None, duration: str | None) -> str | None:
    if until is not None and duration is not None:
        raise typer.BadParameter("--for and --until both say when it ends: use one")
    return until if duration is None else end_of(start, duration, now_millis())


def _path(project: str, id: str) -> str:
    from tocsin.read_api import list_path

    return f"{list_path(check_name(project), 'silences')}/{_id(id)}"


def _id(text: str) -> str:
    if not text.isalnum():
        raise typer.BadParameter(f"{text!r} is no silence's id; `tocsin silence list` shows them")
    return text
