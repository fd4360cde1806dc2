"""`tocsin config …`: check a configuration file, apply it, show what is applied. Not here: what a key means."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from schemas.configuration import Configuration
from schemas.errors import OperatorError
from schemas.settings import Settings
from tocsin import exits
from tocsin.state import find_servers

app = typer.Typer(help="The configuration: projects, rules, people.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The YAML file.")]


@app.command()
def check(
    file: File,
    sample: Annotated[
        Path | None, typer.Option(help="A payload (JSON): show the alerts that it would become.", exists=True, dir_okay=False)
    ] = None,
    integration: Annotated[str | None, typer.Option(help="Who sends the sample: PROJECT/NAME [the only one].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines; with --sample.")] = False,
) -> None:
    """Read a file as `apply` would, and say what is wrong with line and column; nothing is published.

    Warns (exit code 0) of matchers that can match nothing, as they name a severity, status or integration that is not there.
    With --sample also show what the payload would become; exit code 1 when anything of it would be refused.
    """
    from schemas.configuration_file import check_file

    if sample is None and (integration is not None or as_json):
        raise typer.BadParameter("--integration and --json go with --sample")
    checked = check_file(file, Settings.load())
    configuration = checked.configuration
    for warning in checked.warnings:
        print(warning, file=sys.stderr)
    if sample is not None:
        _show_sample(configuration, integration, sample.read_bytes(), as_json)
        return
    warned = f"can be applied, with the {len(checked.warnings)} warnings above" if len(checked.warnings) > 1 else ""
    verdict = warned or ("can be applied, with the warning above" if checked.warnings else "is good")
    print(f"{file} {verdict}: projects {len(configuration.projects)}, people {len(configuration.people)}")


@app.command()
def apply(file: File) -> None:
    """Publish a configuration as a whole, or not at all."""
    from producers.clock.publish import apply_configuration
    from tocsin.quiet import log_warnings_to_stderr

    log_warnings_to_stderr()
    version = apply_configuration(find_servers(Settings.load()), file)
    print(f"{file} is applied: version {version}")


@app.command()
def show() -> None:
    """Print the configuration in force, as YAML without secrets."""
    from producers.clock.publish import read_configuration
    from schemas.configuration_text import render_configuration
    from tocsin.quiet import log_warnings_to_stderr

    log_warnings_to_stderr()
    applied = read_configuration(find_servers(Settings.load()))
    if applied is None:
        raise OperatorError("no configuration is applied yet: `tocsin config apply FILE`")
    version, configuration = applied
    print(f"# version {version}\n{render_configuration(configuration)}", end="")


def _show_sample(configuration: Configuration, integration: str | None, body: bytes, as_json: bool) -> None:
    from tocsin.sample_check import choose, read_sample, render_sample
    from tocsin.terminal import Terminal

    sample = read_sample(*choose(configuration, integration), body)
    print(msgspec.json.encode(sample).decode() if as_json else render_sample(sample, Terminal.find()))
    if sample.rejected:
        raise typer.Exit(exits.REFUSED)
