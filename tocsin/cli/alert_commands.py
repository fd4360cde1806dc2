"""`tocsin alert VERB`: every command about alerts, through the operator API. Not here: reading (`alert.py`)."""

from __future__ import annotations

from typing import Annotated

import typer

from tocsin.cli import acting, reading


def add_to(app: typer.Typer) -> None:
    """Add the commands to a group."""
    for command in (acknowledge, resolve, ignore, reopen, assign, unassign, create_incident, move, comment):
        app.command()(command)


def acknowledge(
    project: reading.Project, numbers: acting.Numbers = None, matcher: acting.Matchers = None, as_json: reading.Json = False
) -> None:
    """Say that somebody is at it."""
    acting.act_on_alerts(project, "acknowledge", numbers, matcher, as_json)


def resolve(
    project: reading.Project, numbers: acting.Numbers = None, matcher: acting.Matchers = None, as_json: reading.Json = False
) -> None:
    """Say that it is over."""
    acting.act_on_alerts(project, "resolve", numbers, matcher, as_json)


def ignore(
    project: reading.Project, numbers: acting.Numbers = None, matcher: acting.Matchers = None, as_json: reading.Json = False
) -> None:
    """Hide it from lists and keep it from opening incidents; its sender still finds it open."""
    acting.act_on_alerts(project, "ignore", numbers, matcher, as_json)


def assign(
    project: reading.Project,
    numbers: acting.Numbers = None,
    matcher: acting.Matchers = None,
    person: acting.Person = acting.ME,
    as_json: reading.Json = False,
) -> None:
    """Give it to a member of the project."""
    acting.act_on_alerts(project, "assign", numbers, matcher, as_json, assignee=person)


def unassign(
    project: reading.Project, number: reading.Number, person: acting.Person = acting.ME, as_json: reading.Json = False
) -> None:
    """Take it from someone."""
    acting.act(project, f"alerts/{number}/unassign", {"assignee": person}, as_json)


def reopen(project: reading.Project, number: reading.Number, as_json: reading.Json = False) -> None:
    """Make a resolved or ignored one triggered again."""
    acting.act(project, f"alerts/{number}/reopen", {}, as_json)


def create_incident(project: reading.Project, number: reading.Number, as_json: reading.Json = False) -> None:
    """Open an incident of its own for it."""
    acting.act(project, f"alerts/{number}/create-incident", {}, as_json)


def move(
    project: reading.Project,
    number: reading.Number,
    incident: Annotated[int, typer.Argument(min=1, max=reading.MAX_NUMBER, help="The incident's number.")],
    as_json: reading.Json = False,
) -> None:
    """Put it into another incident."""
    acting.act(project, f"alerts/{number}/move", {"incident": incident}, as_json)


def comment(project: reading.Project, number: reading.Number, text: acting.Text, as_json: reading.Json = False) -> None:
    """Write a comment into its timeline, or its incident's."""
    acting.act(project, f"alerts/{number}/comment", {"text": text}, as_json)
