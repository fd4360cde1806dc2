"""`tocsin deadletters …`: what was given up, and trying it again. Not here: what retrying means (`retry.py`)."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from schemas.clock import now_millis
from schemas.settings import Settings
from tocsin import exits
from tocsin.cli import reading
from tocsin.quiet import log_warnings_to_stderr
from tocsin.state import find_servers
from tocsin.terminal import Terminal

app = typer.Typer(help="What could not be processed or delivered, and is not tried again by itself.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="As the list shows it.")]


@app.command("list")
def list_letters(
    every: Annotated[bool, typer.Option("--all", help="Also those that were retried.")] = False, as_json: reading.Json = False
) -> None:
    """List what was given up in the last 90 days, the newest first."""
    from tocsin.dead_letters import read_letters
    from tocsin.show_dead_letters import describe, render_letters

    letters = read_letters(_settings())
    shown = [letter for letter in letters if every or not letter.is_done]
    if as_json:
        print(json.dumps([describe(letter) for letter in shown]))
        return
    print(render_letters(shown, Terminal.find(), now_millis(), len(letters) - len(shown)))


@app.command()
def show(id: Id, as_json: reading.Json = False) -> None:
    """Show one, with all that it holds."""
    from tocsin.dead_letters import find_letters, read_letters
    from tocsin.show_dead_letters import describe, render_letter

    (letter,) = find_letters(read_letters(_settings()), [id])
    print(json.dumps(describe(letter)) if as_json else render_letter(letter, Terminal.find(), now_millis()))


@app.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="As the list shows them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that were not retried yet.")] = False,
    resolved: Annotated[bool, typer.Option("--resolved", help="Also tell of incidents that are over.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also what was retried before.")] = False,
    as_json: reading.Json = False,
) -> None:
    """Try again, and say what was done. Safe to repeat. Exit code 1 when nothing could be done about one."""
    from producers.clock.publish import read_configuration
    from schemas.configuration import Configuration
    from tocsin.dead_letters import find_letters, read_letters
    from tocsin.retry import Retrier, choose

    settings = _settings()
    letters = read_letters(settings)
    chosen = choose(letters, find_letters(letters, ids or []), every)
    current = read_configuration(settings)
    retrier = Retrier(settings, Configuration() if current is None else current[1], now_millis, resolved)
    is_refused = False
    for letter in chosen:
        note = retrier.retry(letter, again)
        is_refused = is_refused or note.state == "refused"
        line = {"id": letter.id, "state": note.state, "text": note.text}
        print(json.dumps(line) if as_json else f"{letter.id}  {note.state}: {note.text}", flush=True)
    if not chosen and not as_json:
        print("Nothing to retry.")
    if is_refused:
        raise typer.Exit(exits.REFUSED)


def _settings() -> Settings:
    log_warnings_to_stderr()
    return find_servers(Settings.load())
