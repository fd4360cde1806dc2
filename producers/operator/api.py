"""The REST API under `/api/v1`: its paths and what they answer.

Not here: who asks (`viewers.py`), SQL (`queries.py`), shapes of answers (`shapes.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from producers.operator import queries, shapes
from producers.operator.database import Reader
from producers.operator.filters import AlertQuery, IncidentQuery, PageQuery
from producers.operator.paging import Cursor, Sort, write_cursor
from producers.operator.problems import NotFound
from producers.operator.queries import Scope
from producers.operator.shapes import Page, Row
from producers.operator.viewers import Directory, Viewer

MAX_NUMBER = 2**63 - 1
Number = Annotated[int, Path(ge=1, le=MAX_NUMBER)]
BY_TIME = Sort("at", False)


class Api:
    """The handlers. Each finds its viewer in the request, where `Authentication` put it."""

    def __init__(self, database: Reader, directory: Callable[[], Directory]) -> None:
        self._database = database
        self._directory = directory

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/api/v1")
        router.add_api_route("/projects", self.projects)
        router.add_api_route("/projects/{project}/alerts", self.alerts)
        router.add_api_route("/projects/{project}/alerts/{number}", self.alert)
        router.add_api_route("/projects/{project}/incidents", self.incidents)
        router.add_api_route("/projects/{project}/incidents/{number}", self.incident)
        router.add_api_route("/projects/{project}/incidents/{number}/timeline", self.timeline)
        return router

    async def projects(self, request: Request) -> Response:
        """List the projects that one may see."""
        viewer = viewer_of(request)
        seen = [
            shapes.Project(name, project.title or name, str(viewer.role_in(name)))
            for name, project in sorted(self._directory().projects.items())
            if viewer.may_see(name)
        ]
        return _answer(Page(seen))

    async def alerts(self, request: Request, project: str, query: Annotated[AlertQuery, Query()]) -> Response:
        """List a project's alerts, without payloads."""
        scope = await self._scope(request, project)
        sort = Sort.parse(query.sort)
        wanted = queries.list_alerts(scope, query.filters(scope.viewer), sort, query.cursor_for(sort), query.limit)
        return _page(await self._database.rows(wanted), shapes.alert_in_list, sort, query.limit)

    async def alert(self, request: Request, project: str, number: Number) -> Response:
        """Give one alert, with its payload as received."""
        scope = await self._scope(request, project)
        return _answer(shapes.alert(await self._one(queries.one_alert(scope, number))))

    async def incidents(self, request: Request, project: str, query: Annotated[IncidentQuery, Query()]) -> Response:
        """List a project's incidents."""
        scope = await self._scope(request, project)
        sort = Sort.parse(query.sort)
        wanted = queries.list_incidents(scope, query.filters(scope.viewer), sort, query.cursor_for(sort), query.limit)
        return _page(await self._database.rows(wanted), shapes.incident, sort, query.limit)

    async def incident(self, request: Request, project: str, number: Number) -> Response:
        """Give one incident."""
        scope = await self._scope(request, project)
        return _answer(shapes.incident(await self._one(queries.one_incident(scope, number))))

    async def timeline(self, request: Request, project: str, number: Number, query: Annotated[PageQuery, Query()]) -> Response:
        """List what happened in an incident, by time."""
        scope = await self._scope(request, project)
        await self._one(queries.one_incident(scope, number))
        wanted = queries.list_timeline(project, number, query.cursor_for(BY_TIME), query.limit)
        return _page(await self._database.rows(wanted), shapes.timeline_entry, BY_TIME, query.limit)

    async def _scope(self, request: Request, project: str) -> Scope:
        """Say what the viewer sees of a project; raises `NotFound` when that is nothing."""
        viewer = viewer_of(request)
        if not viewer.may_see(project):
            raise NotFound
        if project not in self._directory().projects and not await self._database.rows(queries.project_exists(project)):
            raise NotFound
        return Scope(project, viewer.key, viewer.sees_confidential(project))

    async def _one(self, query: queries.Query) -> Row:
        rows = await self._database.rows(query)
        if not rows:
            raise NotFound
        return rows[0]


def viewer_of(request: Request) -> Viewer:
    viewer = request.state.viewer
    assert isinstance(viewer, Viewer)
    return viewer


def _page(rows: Sequence[Row], shape: Callable[[Row], msgspec.Struct], sort: Sort, limit: int) -> Response:
    """Answer with as many items as asked for, and a cursor when the query found one more."""
    shown = rows[:limit]
    cursor = Cursor(str(sort), shown[-1]["sort_key"], shown[-1]["number"]) if len(rows) > limit else None
    return _answer(Page([shape(row) for row in shown], None if cursor is None else write_cursor(cursor)))


def _answer(body: Any) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
