"""The reading side of silences under `/api/v1`: lists, one, and what one would have muted.

Not here: creating and changing them (`commands/`), counting (`muting.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from producers.operator import queries, shapes
from producers.operator.filters import SilenceQuery
from producers.operator.narrowing import SILENCES, Filters, narrow
from producers.operator.paging import Sort
from producers.operator.permissions import check_permission
from producers.operator.problems import Malformed
from producers.operator.queries import Scope
from producers.operator.reading import ReadModel, answer
from producers.operator.scanning import Listing
from schemas.silence_limits import find_excess

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Silences:
    """The handlers; a silence's state follows from its times and the clock."""

    def __init__(self, model: ReadModel, now_millis: Callable[[], int]) -> None:
        self._model = model
        self._now_millis = now_millis

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/api/v1", dependencies=[Depends(check_permission)])
        router.add_api_route("/projects/{project}/silences", self.silences)
        router.add_api_route("/projects/{project}/silences/{id}", self.silence)
        return router

    async def silences(self, request: Request, project: str, query: Annotated[SilenceQuery, Query()]) -> Response:
        """List a project's silences; without `state`, pending, active and expired ones."""
        scope = await self._model.scope(request, project)
        sort, now, search = Sort.parse(query.sort), self.now(), narrow(SILENCES, "s", Filters(search=query.search))
        listing = Listing(
            lambda cursor, rows: queries.list_silences(project, now, query.state, search, sort, cursor, rows), sort, last="id"
        )
        return await self._model.page(scope, listing, shapes.silence, query)

    async def silence(self, request: Request, project: str, id: str) -> Response:
        """Give one silence."""
        await self._model.scope(request, project)
        return answer(shapes.silence(await self._model.one(queries.one_silence(project, id, self.now()))))

    async def check(self, scope: Scope, matchers: Sequence[str], id: str) -> None:
        """Raise `Malformed` when a silence costs too much beside the project's others; `id` names the one that it replaces."""
        rows = await self._model.database.rows(queries.silences_in_force(scope.project, id, self.now()))
        others = sum(row["count"] for row in rows if row["matchers"] is None)
        made = [row["matchers"] for row in rows if row["matchers"] is not None for _ in range(row["count"])]
        excess = await asyncio.to_thread(find_excess, made, others, matchers, self._model.limits)
        if excess is not None:
            raise Malformed(f"matchers: {excess}.")

    def now(self) -> datetime:
        return _EPOCH + timedelta(milliseconds=self._now_millis())
