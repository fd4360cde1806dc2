"""`tocsin incident VERB`: every command about incidents, through the operator API. Not here: reading (`incident.py`)."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

import typer

from schemas.commands import Impact, UpdateStatus
from schemas.records import Severity
from tocsin.cli import acting, reading
from tocsin.cli.times import check_time

Other = Annotated[int, typer.Argument(min=1, max=reading.MAX_NUMBER, help="The other's number.")]
Title = Annotated[str, typer.Argument(help="At most 200 characters.")]
STDIN = "-"


def add_to(app: typer.Typer) -> None:
    """Add the commands to a group."""
    for command in (
        create, acknowledge, resolve, reopen, assign, unassign, severity, title, description, comment, timeline, merge,
        link_alert, unlink_alert, zoom, remove_zoom, link, unlink, confidential, publish, unpublish, status_update,
        notify,
    ):  # fmt: skip
        app.command()(command)


def create(
    project: reading.Project,
    title: Title,
    severity: Annotated[Severity, typer.Option(help="How bad it is.")] = "unknown",
    description: Annotated[str, typer.Option(help="What is known, as Markdown.")] = "",
    as_json: reading.Json = False,
) -> None:
    """Open an incident by hand."""
    acting.act(project, "incidents", {"title": title, "severity": severity, "description": description}, as_json)


def acknowledge(project: reading.Project, number: reading.Number, as_json: reading.Json = False) -> None:
    """Say that somebody is at it."""
    _act(project, number, "acknowledge", as_json)


def resolve(project: reading.Project, number: reading.Number, as_json: reading.Json = False) -> None:
    """Say that it is over, and with it all its alerts."""
    _act(project, number, "resolve", as_json)


def reopen(project: reading.Project, number: reading.Number, as_json: reading.Json = False) -> None:
    """Take it up again; its alerts stay as they are."""
    _act(project, number, "reopen", as_json)


def assign(
    project: reading.Project, number: reading.Number, person: acting.Person = acting.ME, as_json: reading.Json = False
) -> None:
    """Give it to a member of the project."""
    _act(project, number, "assign", as_json, assignee=person)


def unassign(
    project: reading.Project, number: reading.Number, person: acting.Person = acting.ME, as_json: reading.Json = False
) -> None:
    """Take it from someone."""
    _act(project, number, "unassign", as_json, assignee=person)


def severity(project: reading.Project, number: reading.Number, severity: Severity, as_json: reading.Json = False) -> None:
    """Say how bad it is."""
    _act(project, number, "severity", as_json, severity=severity)


def title(project: reading.Project, number: reading.Number, title: Title, as_json: reading.Json = False) -> None:
    """Call it something else."""
    _act(project, number, "title", as_json, title=title)


def description(
    project: reading.Project,
    number: reading.Number,
    text: Annotated[str, typer.Argument(help="Markdown; `-` reads it from standard input.")],
    as_json: reading.Json = False,
) -> None:
    """Describe it anew."""
    _act(project, number, "description", as_json, description=sys.stdin.read() if text == STDIN else text)


def comment(project: reading.Project, number: reading.Number, text: acting.Text, as_json: reading.Json = False) -> None:
    """Write a comment into its timeline."""
    _act(project, number, "comment", as_json, text=text)


def timeline(
    project: reading.Project,
    number: reading.Number,
    text: acting.Text,
    at: Annotated[str, typer.Option(callback=check_time, help="When it happened, such as 2026-12-06T02:00 (UTC).")],
    as_json: reading.Json = False,
) -> None:
    """Write what happened at another time into its timeline."""
    _act(project, number, "timeline", as_json, text=text, at=at)


def merge(project: reading.Project, number: reading.Number, into: Other, as_json: reading.Json = False) -> None:
    """Put its alerts into another incident, and end it; its entry on the status page goes on there."""
    _act(project, number, "merge", as_json, into=into)


def link_alert(project: reading.Project, number: reading.Number, alert: Other, as_json: reading.Json = False) -> None:
    """Put an alert into it."""
    _act(project, number, "link-alert", as_json, alert=alert)


def unlink_alert(project: reading.Project, number: reading.Number, alert: Other, as_json: reading.Json = False) -> None:
    """Take an alert out of it, for good."""
    _act(project, number, "unlink-alert", as_json, alert=alert)


def zoom(
    project: reading.Project,
    number: reading.Number,
    link: Annotated[str, typer.Argument(help="The call's link, or a text with it.")],
    as_json: reading.Json = False,
) -> None:
    """Say in which Zoom call people meet."""
    _act(project, number, "zoom", as_json, text=link)


def remove_zoom(project: reading.Project, number: reading.Number, as_json: reading.Json = False) -> None:
    """Take the Zoom call away."""
    _act(project, number, "remove-zoom", as_json)


def link(
    project: reading.Project,
    number: reading.Number,
    url: str,
    text: Annotated[str, typer.Option(help="What it leads to.")] = "",
    as_json: reading.Json = False,
) -> None:
    """Add a link."""
    _act(project, number, "link", as_json, url=url, text=text)


def unlink(project: reading.Project, number: reading.Number, url: str, as_json: reading.Json = False) -> None:
    """Take a link away."""
    _act(project, number, "unlink", as_json, url=url)


def confidential(
    project: reading.Project, number: reading.Number, state: Literal["on", "off"], as_json: reading.Json = False
) -> None:
    """Show it only to those concerned, or to everyone again."""
    _act(project, number, "confidential", as_json, on=state == "on")


def publish(
    project: reading.Project,
    number: reading.Number,
    title: Annotated[str | None, typer.Option(help="As the page shows it [by the rule's publish_title].")] = None,
    component: Annotated[list[str] | None, typer.Option(help="By id (repeatable) [those that it concerns].")] = None,
    impact: Annotated[Impact | None, typer.Option(help="How bad it is for users [by its severity].")] = None,
    as_json: reading.Json = False,
) -> None:
    """Show it on the status page, or change what that shows.

    Without --title the page names the components and how bad it is: the incident's own title is never shown there, since it may
    hold an alert's text. What is given here stays until it is given again; the rest follows the incident.
    """
    _act(project, number, "publish", as_json, title=title, components=component or None, impact=impact)


def unpublish(project: reading.Project, number: reading.Number, as_json: reading.Json = False) -> None:
    """Take it from the status page; no rule puts it there again."""
    _act(project, number, "unpublish", as_json)


def status_update(
    project: reading.Project,
    number: reading.Number,
    status: UpdateStatus,
    text: Annotated[str, typer.Argument(help="For the public.")],
    as_json: reading.Json = False,
) -> None:
    """Tell the public how it stands."""
    _act(project, number, "status-update", as_json, status=status, text=text)


def notify(
    project: reading.Project,
    number: reading.Number,
    receiver: Annotated[str, typer.Argument(help="Its key in the configuration.")],
    resolved: Annotated[bool, typer.Option("--resolved", help="Also when the incident is over.")] = False,
    as_json: reading.Json = False,
) -> None:
    """Tell one receiver anew how it stands."""
    _act(project, number, "notify", as_json, receiver=receiver, **({"resolved": True} if resolved else {}))


def _act(project: str, number: int, verb: str, as_json: bool, **body: Any) -> None:
    acting.act(project, f"incidents/{number}/{verb}", body, as_json)
