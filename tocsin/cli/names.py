"""Names and addresses on the command line, checked as in the configuration: names go into paths of URLs."""

from __future__ import annotations

import typer

from schemas.configuration import Kind
from schemas.configuration_kinds import READERS


def check_name(text: str) -> str:
    """Give a project's, integration's or person's key back; wrong usage when it can be none."""
    try:
        return str(READERS[Kind.NAME](text))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def check_url(text: str | None) -> str | None:
    """Give an address without a slash at its end, None when there is none; wrong usage when it is no web address."""
    if text is None:
        return None
    try:
        return str(READERS[Kind.URL](text)).rstrip("/")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
