"""What the query string of a list may say; anything else in it is refused, so that no filter is ignored in silence.

Not here: what a filter compares (`queries.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from producers.operator.paging import Cursor, Sort, read_cursor
from producers.operator.queries import Filters
from schemas.records import Severity

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
OPEN = ("triggered", "acknowledged")
ME = "me"
AlertStatus = Literal["open", "triggered", "acknowledged", "resolved", "ignored"]
IncidentStatus = Literal["open", "triggered", "acknowledged", "resolved"]
AlertSort = Literal[
    "number", "-number", "started_at", "-started_at", "ended_at", "-ended_at", "events", "-events", "severity", "-severity",
    "status", "-status",
]  # fmt: skip
IncidentSort = Literal[
    "number", "-number", "started_at", "-started_at", "ended_at", "-ended_at", "severity", "-severity", "status", "-status",
]  # fmt: skip
SORT = "By what to sort; `-` gives the largest, most severe or newest first."


class PageQuery(BaseModel):
    """What every list takes."""

    model_config = ConfigDict(extra="forbid")
    cursor: Annotated[str | None, Field(description="`next` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="At most so many items.")] = DEFAULT_LIMIT

    def cursor_for(self, sort: Sort) -> Cursor | None:
        """Read the cursor; raises `Malformed` when it is not of this sort."""
        return None if self.cursor is None else read_cursor(self.cursor, sort)


class AlertQuery(PageQuery):
    """What a list of alerts takes; without `status`, all but ignored alerts (BEHAVIOUR 1)."""

    status: Annotated[list[AlertStatus], Field(description="`open` is triggered and acknowledged.")] = []
    severity: list[Severity] = []
    integration: list[str] = []
    assignee: Annotated[list[str], Field(description="People by their keys; `me` is who asks.")] = []
    sort: Annotated[AlertSort, Field(description=SORT)] = "-started_at"

    def filters(self, viewer: str) -> Filters:
        statuses = expand_statuses(self.status) or (*OPEN, "resolved")
        return Filters(statuses, self.severity, self.integration, expand_me(self.assignee, viewer))


class IncidentQuery(PageQuery):
    """What a list of incidents takes; without `status`, all."""

    status: Annotated[list[IncidentStatus], Field(description="`open` is triggered and acknowledged.")] = []
    severity: list[Severity] = []
    assignee: Annotated[list[str], Field(description="People by their keys; `me` is who asks.")] = []
    sort: Annotated[IncidentSort, Field(description=SORT)] = "-started_at"

    def filters(self, viewer: str) -> Filters:
        return Filters(expand_statuses(self.status), self.severity, (), expand_me(self.assignee, viewer))


def expand_statuses(said: Iterable[str]) -> tuple[str, ...]:
    """Replace `open` by what it stands for, each status once."""
    return tuple(dict.fromkeys(status for word in said for status in (OPEN if word == "open" else (word,))))


def expand_me(people: Iterable[str], viewer: str) -> tuple[str, ...]:
    return tuple(viewer if person == ME else person for person in people)
