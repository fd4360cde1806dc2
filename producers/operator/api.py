"""The REST API under `/api/v1`: its paths and what they answer.

Not here: who asks (`viewers.py`), SQL (`queries.py`), shapes of answers (`shapes.py`).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from producers.operator import queries, shapes
from producers.operator.filters import AlertFilters, AlertQuery, IncidentQuery, TimelineQuery
from producers.operator.narrowing import ALERTS, INCIDENTS, TIMELINE, narrow
from producers.operator.paging import Sort
from producers.operator.permissions import check_permission, viewer_of
from producers.operator.reading import ReadModel, answer
from producers.operator.scanning import Listing, keep_aside
from producers.operator.shapes import Page
from schemas.matcher_warnings import OF_ALERTS, OF_INCIDENTS

MAX_NUMBER = 2**63 - 1
Number = Annotated[int, Path(ge=1, le=MAX_NUMBER)]
BY_TIME = Sort("at", False)


class Api:
    """The handlers. Each finds its viewer in the request, where `Authentication` put it; `check_permission` comes first."""

    def __init__(self, model: ReadModel) -> None:
        self._model = model

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/api/v1", dependencies=[Depends(check_permission)])
        router.add_api_route("/projects", self.projects)
        router.add_api_route("/projects/{project}/alerts", self.alerts)
        router.add_api_route("/projects/{project}/alerts/counts", self.alert_counts)  # before {number}, which it is not
        router.add_api_route("/projects/{project}/alerts/{number}", self.alert)
        router.add_api_route("/projects/{project}/alerts/{number}/timeline", self.alert_timeline)
        router.add_api_route("/projects/{project}/incidents", self.incidents)
        router.add_api_route("/projects/{project}/incidents/{number}", self.incident)
        router.add_api_route("/projects/{project}/incidents/{number}/timeline", self.timeline)
        return router

    async def projects(self, request: Request) -> Response:
        """List the projects that one may see."""
        viewer = viewer_of(request)
        seen = [
            shapes.Project(name, project.title or name, str(viewer.role_in(name)))
            for name, project in sorted(self._model.directory().projects.items())
            if viewer.may_see(name)
        ]
        return answer(Page(seen))

    async def alerts(self, request: Request, project: str, query: Annotated[AlertQuery, Query()]) -> Response:
        """List a project's alerts, without payloads."""
        scope = await self._model.scope(request, project)
        filters, sort = query.filters(scope.viewer, self._model.limits), Sort.parse(query.sort)
        narrowing = narrow(ALERTS, "a", filters)
        listing = Listing(lambda cursor, rows: queries.list_alerts(scope, narrowing, sort, cursor, rows), sort, narrowing.keep)
        warnings = self._model.warnings(project, filters.matchers, OF_ALERTS)
        return await self._model.page(scope, listing, shapes.alert_in_list, query, warnings)

    async def alert_counts(self, request: Request, project: str, query: Annotated[AlertFilters, Query()]) -> Response:
        """Count a project's alerts by status; takes the filters of the list. With `search`, resolved ones only to 1,000."""
        scope = await self._model.scope(request, project)
        narrowing = narrow(ALERTS, "a", query.filters(scope.viewer, self._model.limits))
        rows = await self._model.database.rows(queries.count_alerts(scope, narrowing))
        return answer(shapes.alert_counts(await keep_aside(rows, narrowing.keep)))

    async def alert(self, request: Request, project: str, number: Number) -> Response:
        """Give one alert, with its payload as received."""
        scope = await self._model.scope(request, project)
        row = await self._model.one(queries.one_alert(scope, number))
        return answer(await self._model.show(scope, shapes.alert(row)))

    async def alert_timeline(
        self, request: Request, project: str, number: Number, query: Annotated[TimelineQuery, Query()]
    ) -> Response:
        """List what happened to an alert, in an incident or not, by time."""
        scope = await self._model.scope(request, project)
        await self._model.one(queries.one_alert(scope, number))
        narrowing = narrow(TIMELINE, "t", query.filters(scope.viewer))
        listing = Listing(lambda cursor, rows: queries.list_alert_timeline(scope, number, narrowing, cursor, rows), BY_TIME)
        return await self._model.page(scope, listing, shapes.alert_timeline_entry, query)

    async def incidents(self, request: Request, project: str, query: Annotated[IncidentQuery, Query()]) -> Response:
        """List a project's incidents."""
        scope = await self._model.scope(request, project)
        filters, sort = query.filters(scope.viewer, self._model.limits), Sort.parse(query.sort)
        narrowing = narrow(INCIDENTS, "i", filters)
        listing = Listing(lambda cursor, rows: queries.list_incidents(scope, narrowing, sort, cursor, rows), sort, narrowing.keep)
        warnings = self._model.warnings(project, filters.matchers, OF_INCIDENTS)
        return await self._model.page(scope, listing, shapes.incident, query, warnings)

    async def incident(self, request: Request, project: str, number: Number) -> Response:
        """Give one incident."""
        scope = await self._model.scope(request, project)
        row = await self._model.one(queries.one_incident(scope, number))
        return answer(await self._model.show(scope, shapes.incident(row)))

    async def timeline(
        self, request: Request, project: str, number: Number, query: Annotated[TimelineQuery, Query()]
    ) -> Response:
        """List what happened in an incident, by time."""
        scope = await self._model.scope(request, project)
        await self._model.one(queries.one_incident(scope, number))
        narrowing = narrow(TIMELINE, "t", query.filters(scope.viewer))
        listing = Listing(lambda cursor, rows: queries.list_timeline(project, number, narrowing, cursor, rows), BY_TIME)
        return await self._model.page(scope, listing, shapes.timeline_entry, query)
