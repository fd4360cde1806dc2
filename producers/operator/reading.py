"""The read model as handlers use it: what a viewer sees of a project, single rows, pages of lists.

Not here: which rows (`queries.py`), the handlers (`api.py`, `silences.py`, `commands/handlers.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from producers.operator import queries
from producers.operator.database import Reader
from producers.operator.filters import PageQuery
from producers.operator.paging import write_cursor
from producers.operator.permissions import viewer_of
from producers.operator.problems import NotFound
from producers.operator.queries import Query, Scope
from producers.operator.redaction import redact
from producers.operator.scanning import Listing, read_page
from producers.operator.shapes import Page, Row
from producers.operator.viewers import Directory
from schemas.limits import Limits
from schemas.matcher_warnings import find_warnings, known_of
from schemas.matchers import Matcher

S = TypeVar("S", bound=msgspec.Struct)


class ReadModel:
    """PostgreSQL and the configuration's people and projects."""

    def __init__(self, database: Reader, directory: Callable[[], Directory], limits: Limits) -> None:
        self.database = database
        self.directory = directory
        self.limits = limits

    async def scope(self, request: Request, project: str) -> Scope:
        """Say what the viewer sees of a project; raises `NotFound` when there is none of the name, as an admin may ask."""
        viewer = viewer_of(request)
        if project not in self.directory().projects and not await self.database.rows(queries.project_exists(project)):
            raise NotFound
        return Scope(project, viewer.key, viewer.sees_confidential(project))

    async def one(self, query: Query) -> Row:
        """Read one row; raises `NotFound`."""
        rows = await self.database.rows(query)
        if not rows:
            raise NotFound
        return rows[0]

    async def page(
        self,
        scope: Scope,
        listing: Listing,
        shape: Callable[[Row], msgspec.Struct],
        query: PageQuery,
        warnings: Sequence[str] = (),
    ) -> Response:
        """Answer a page of a list as the viewer may see it, with what is odd about its filters."""
        cursor = query.cursor_for(listing.sort, listing.kind)
        rows, following = await read_page(self.database, listing, cursor, query.limit)
        items = await redact(self.database, scope, [shape(row) for row in rows])
        next_cursor = None if following is None else write_cursor(following)
        return answer(Page(items, next_cursor, list(warnings) or UNSET))

    async def show(self, scope: Scope, shown: S) -> S:
        """Give one alert, incident or entry as the viewer may see it."""
        (redacted,) = await redact(self.database, scope, [shown])
        return redacted

    def warnings(self, project: str, matchers: Sequence[Matcher], statuses: Sequence[str]) -> list[str]:
        """Say which matchers can match nothing in a project, or exclude nothing; `statuses` are those that there are."""
        return find_warnings(matchers, known_of(self.directory().projects.get(project), statuses))


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer JSON."""
    return Response(msgspec.json.encode(body), status, headers, "application/json")
