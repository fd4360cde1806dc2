"""`tocsin`: every command, and how its end is told.

Commands import what they need when they run, so that `tocsin --help` and short commands start quickly. Groups of
commands stand in files of their own. Not here: what a command does.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import TocsinError, Unavailable
from schemas.file_limit import raise_file_limit
from schemas.settings import Settings
from tocsin import exits
from tocsin.cli import (
    alert,
    alert_commands,
    config,
    deadletters,
    incident,
    incident_commands,
    send,
    silence,
    status,
    token,
    topics,
)
from tocsin.harmless import guarded

app = typer.Typer(
    help="Incident pipeline on Apache Kafka. Exit codes: 0 done, 1 refused, 2 usage, 3 not reachable.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
app.add_typer(topics.app, name="topics")
app.add_typer(config.app, name="config")
app.add_typer(token.app, name="token")
app.add_typer(alert.app, name="alert")
app.add_typer(incident.app, name="incident")
alert_commands.add_to(alert.app)
incident_commands.add_to(incident.app)
app.add_typer(silence.app, name="silence")
app.add_typer(deadletters.app, name="deadletters")
app.command("status")(status.status)
app.command("send")(send.send)
database = typer.Typer(help="The read model in PostgreSQL.", no_args_is_help=True)
app.add_typer(database, name="database")

DataOption = Annotated[Path | None, typer.Option(help="Directory of the embedded stack [TOCSIN_DATA, .tocsin].")]


def main() -> None:
    """Run the command line; ends the process with one of `exits`."""
    raise_file_limit()
    sys.stdout, sys.stderr = guarded(sys.stdout), guarded(sys.stderr)
    try:
        app()  # ends the process itself, with 2 for usage
    except Unavailable as error:
        code = _complain(error, exits.NOT_REACHABLE)
    except TocsinError as error:
        code = _complain(error, exits.REFUSED)
    sys.exit(code)


def _complain(error: TocsinError, code: int) -> int:
    print(f"tocsin: {error}", file=sys.stderr)
    return code


@app.command()
def up(
    config: Annotated[Path | None, typer.Option(help="Configuration file to apply at the start [TOCSIN_CONFIG].")] = None,
    data: DataOption = None,
    only: Annotated[list[str] | None, typer.Option(help="Start only this process besides the servers (repeatable).")] = None,
) -> None:
    """Run the embedded stack and all processes, until Ctrl-C."""
    from tocsin import up as stack

    settings = _settings()
    if config is not None:
        if not config.is_file():
            raise typer.BadParameter(f"there is no file {config}")
        settings = replace(settings, config=str(config))
    if data is not None:
        settings = replace(settings, data=data)
    stack.run(settings, only)


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="End after the story, with exit code 0 or 1.")] = False, data: DataOption = None
) -> None:
    """Run the whole pipeline with a short real story."""
    from tocsin.demo.process import run

    settings = _settings()
    run(replace(settings, data=data) if data is not None else settings, once)


@app.command()
def webhook() -> None:
    """Run the webhook doors."""
    from producers.webhook.process import run

    run(_located("webhook"))


@app.command()
def operator() -> None:
    """Run the operator API and console."""
    from producers.operator.process import run

    run(_located("operator"))


@app.command()
def clock() -> None:
    """Run the clock: a tick each second, and the configuration."""
    from producers.clock.process import run

    run(_located("clock"))


@app.command()
def process() -> None:
    """Run a worker: decides what becomes of what came in."""
    from processors.worker import run

    run(_located("worker"))


@app.command()
def sink(name: Annotated[str, typer.Argument(help="postgres, slack, statuspage, or a plug-in's.")]) -> None:
    """Run one sink."""
    from sinks.process import run

    run(_located(name), name)


@app.command("statuspage-server", hidden=True)
def statuspage_server() -> None:
    """Serve the published status page (embedded stack)."""
    from tocsin.embedded.statuspage_server import run

    run(_located())


@app.command(hidden=True)
def rates() -> None:
    """Say rates and lag once a second (embedded stack)."""
    from tocsin.embedded.rates import run

    run(_located())


@app.command()
def settings() -> None:
    """Print all settings, as the documentation's table."""
    from schemas.settings import render_table

    print(render_table())


@database.command("migrate")
def migrate() -> None:
    """Bring the schema up to date."""
    from sinks.postgres.migrate import migrate as apply

    located = _located()
    if not located.database_url:
        raise typer.BadParameter("no database: set TOCSIN_DATABASE_URL, or start the embedded one with `tocsin up`")
    apply(located.database_url)


def _settings() -> Settings:
    return Settings.load()


def _located(process: str | None = None) -> Settings:
    """Give the settings, with the embedded servers of the data directory where they name none.

    A process that writes or reads topics, named as in `schemas/topics.py`, has these compared with what is declared.
    """
    from tocsin.state import find_servers

    settings = find_servers(_settings())
    if process is not None and settings.kafka:
        from tocsin.topic_check import check_at_start

        check_at_start(settings, process)
    return settings
