"""`tocsin config …`: check a configuration file, apply it, show what is applied. Not here: what a key means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import OperatorError
from schemas.settings import Settings
from tocsin.state import find_servers

app = typer.Typer(help="The configuration: projects, rules, people.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The YAML file.")]


@app.command()
def check(file: File) -> None:
    """Read a file as `apply` would, and say what is wrong with line and column; nothing is published."""
    from schemas.configuration_file import load_configuration

    configuration = load_configuration(file)
    print(f"{file} is good: projects {len(configuration.projects)}, people {len(configuration.people)}")


@app.command()
def apply(file: File) -> None:
    """Publish a configuration as a whole, or not at all."""
    from producers.clock.publish import apply_configuration

    version = apply_configuration(find_servers(Settings.load()), file)
    print(f"{file} is applied: version {version}")


@app.command()
def show() -> None:
    """Print the configuration in force, as YAML without secrets."""
    from producers.clock.publish import read_configuration
    from schemas.configuration_text import render_configuration

    applied = read_configuration(find_servers(Settings.load()))
    if applied is None:
        raise OperatorError("no configuration is applied yet: `tocsin config apply FILE`")
    version, configuration = applied
    print(f"# version {version}\n{render_configuration(configuration)}", end="")
