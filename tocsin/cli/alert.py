"""`tocsin alert …`: list and show, through the operator API. Not here: how it looks (`tocsin/show.py`)."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from schemas.clock import now_millis
from tocsin.cli import reading
from tocsin.cli.names import check_name
from tocsin.terminal import Terminal

app = typer.Typer(help="The alerts of a project.", no_args_is_help=True)
STATUSES = ("open", "triggered", "acknowledged", "resolved", "ignored")
Sort = Literal[
    "number", "-number", "started_at", "-started_at", "ended_at", "-ended_at", "events", "-events", "severity", "-severity",
    "status", "-status", "urgency", "-urgency",
]  # fmt: skip


@app.command("list")
def list_alerts(
    project: reading.Project,
    status: Annotated[
        list[str] | None, typer.Option(callback=reading.words(*STATUSES), help="Only these (repeatable) [all but ignored].")
    ] = None,
    severity: reading.Severities = None,
    integration: Annotated[list[str] | None, typer.Option(help="Only from these (repeatable).")] = None,
    assignee: reading.Assignees = None,
    matcher: reading.Matchers = None,
    search: reading.Search = None,
    since: reading.Since = None,
    before: reading.Before = None,
    sort: Annotated[Sort | None, typer.Option(help=reading.SORT_HELP)] = None,
    limit: reading.Limit = reading.DEFAULT_LIMIT,
    cursor: reading.Cursor = None,
    as_json: reading.Json = False,
) -> None:
    """List a project's alerts."""
    from tocsin.read_api import Alerts, list_path, query_of, read
    from tocsin.show import render_alerts

    filters = query_of(
        status=status, severity=severity, integration=integration, assignee=assignee, matcher=matcher, search=search
    )
    filters = [*filters, *query_of(**{"from": since, "to": before})]
    query = [*filters, *query_of(sort=sort or reading.DEFAULT_SORT, limit=limit, cursor=cursor)]
    with reading.operator() as asking:
        answer = asking.get(list_path(check_name(project), "alerts"), query)
    reading.tell_warnings(answer)
    if as_json:
        print(answer.decode())
        return
    print(render_alerts(read(answer, Alerts), project, Terminal.find(), now_millis(), is_filtered=bool(filters or cursor)))


@app.command()
def show(
    project: reading.Project,
    number: reading.Number,
    kind: reading.Kinds = None,
    actor: reading.Actors = None,
    since: reading.HappenedSince = None,
    before: reading.HappenedBefore = None,
    as_json: reading.Json = False,
) -> None:
    """Show one alert with its timeline and payload; `--json` gives the payload as it was received."""
    from tocsin.read_api import OneAlert, query_of, read, with_timeline
    from tocsin.show import render_alert

    filters = query_of(**{"kind": kind, "actor": actor, "from": since, "to": before})
    with reading.operator() as asking:
        answer = with_timeline(asking, check_name(project), "alerts", number, filters)
    if as_json:
        print(answer.decode())
        return
    print(render_alert(read(answer, OneAlert), Terminal.find(), now_millis(), is_filtered=bool(filters)))
