"""`tocsin token …`: make a token and say where it goes. Not here: the texts (`tocsin/new_token.py`)."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Annotated

import typer

from schemas.configuration import Configuration, Integration, Person
from schemas.errors import OperatorError
from schemas.settings import Settings
from tocsin.cli.names import check_name, check_url
from tocsin.new_token import Part

app = typer.Typer(help="Tokens of integrations and people.", no_args_is_help=True)
TOKEN_BYTES = 32
"""256 bits: such a token cannot be guessed, so its plain hash may be seen by anyone."""
ONE_LINE = ("token", "hash", "endpoint")
ALERTMANAGER_NAMES = ("alertmanager", "prometheus", "grafana")


@app.callback()
def group() -> None:
    """Keep `new` a command of its own: with one command alone typer would leave its name out."""


@app.command()
def new(
    project: Annotated[str | None, typer.Argument(help="The integration's project.")] = None,
    integration: Annotated[str | None, typer.Argument(help="The integration; it may be one that is yet to be written.")] = None,
    person: Annotated[str | None, typer.Option(help="Make a token of this person instead, by the key.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Configuration file [the one in force].", exists=True, dir_okay=False)
    ] = None,
    url: Annotated[str | None, typer.Option(help="The webhook, or for a person the API, as it is reached from outside.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Print a new token, once, with its hash and what to write where. Nothing is changed or kept."""
    from tocsin import addresses, new_token

    settings = Settings.load()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    if person is not None and project is None:
        known = _configuration(settings, config).people.get(check_name(person))
        parts = new_token.for_person(
            token, person, known or Person(name=person.capitalize()), check_url(url) or addresses.operator_url(settings)
        )
    elif person is None and project is not None and integration is not None:
        wanted = _integration(_configuration(settings, config), check_name(project), check_name(integration))
        parts = new_token.for_integration(token, project, integration, wanted, check_url(url) or addresses.webhook_url(settings))
    else:
        raise typer.BadParameter("write PROJECT INTEGRATION, or --person NAME")
    print(json.dumps({part.key: part.text for part in parts}, indent=1) if as_json else _render(parts))


def _integration(configuration: Configuration, project: str, name: str) -> Integration:
    """Find the integration, or make up the one that its name speaks of."""
    known = configuration.projects[project].integrations.get(name) if project in configuration.projects else None
    if known is None:
        return Integration(format="alertmanager" if name.startswith(ALERTMANAGER_NAMES) else "generic")
    if known.format == "topic":
        raise OperatorError(f"integration {project}/{name} writes to a topic of Kafka; Kafka's own users and ACLs guard that")
    return known


def _configuration(settings: Settings, file: Path | None) -> Configuration:
    """Read the file, else what is in force; a token can be made before anything runs."""
    from schemas.configuration_file import load_configuration
    from tocsin.in_force import configuration_in_force

    return load_configuration(file, settings) if file is not None else configuration_in_force(settings)


def _render(parts: list[Part]) -> str:
    lines = ["This token is shown once; only its hash is ever written down.", ""]
    lines += [f"{part.heading:9} {part.text}" for part in parts if part.key in ONE_LINE]
    for part in parts:
        if part.key not in ONE_LINE:
            lines += ["", f"{part.heading}:", "", *(f"    {line}" for line in part.text.splitlines())]
    return "\n".join(lines)
