"""What the query string of a list may say; anything else in it is refused, so that no filter is ignored in silence.

Not here: what a filter compares (`queries.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from producers.operator.narrowing import OPEN, Filters
from producers.operator.paging import Cursor, Sort, read_cursor
from producers.operator.problems import Malformed
from schemas.limits import Limits
from schemas.matcher_limits import check_list
from schemas.matcher_limits import read_matchers as read_bounded
from schemas.matcher_syntax import InvalidMatcher
from schemas.matchers import Matcher
from schemas.records import Severity

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
MAX_SEARCH = 200
ME = "me"
AlertStatus = Literal["open", "triggered", "acknowledged", "resolved", "ignored"]
IncidentStatus = Literal["open", "triggered", "acknowledged", "resolved"]
AlertSort = Literal[
    "number", "-number", "started_at", "-started_at", "ended_at", "-ended_at", "events", "-events", "severity", "-severity",
    "status", "-status", "urgency", "-urgency",
]  # fmt: skip
IncidentSort = Literal[
    "number", "-number", "started_at", "-started_at", "ended_at", "-ended_at", "severity", "-severity", "status", "-status",
    "urgency", "-urgency",
]  # fmt: skip
SilenceState = Literal["pending", "active", "expired"]
SilenceSort = Literal["ends_at", "-ends_at", "starts_at", "-starts_at"]
MATCHER = 'As in silences, `service=~"web|api"`: fields by name, other names are labels (of incidents: of their group).'
SEARCH = "Part of title, description, service or monitoring tool, in any case."
SORT = "By what to sort; `-` gives the largest, most severe or newest first. `-urgency`: open, then most severe, then newest."


class Said(BaseModel):
    """A query string."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(Said):
    """What every list takes."""

    cursor: Annotated[str | None, Field(description="`next` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="At most so many items.")] = DEFAULT_LIMIT

    def cursor_for(self, sort: Sort, kind: type[int | str]) -> Cursor | None:
        """Read the cursor; raises `Malformed` when it is not of this sort, or of rows without such a number or id."""
        return None if self.cursor is None else read_cursor(self.cursor, sort, kind)


class CommonFilters(Said):
    """What narrows lists of alerts and of incidents, all combined by AND; a repeated one means any of its values."""

    severity: list[Severity] = []
    assignee: Annotated[list[str], Field(description="People by their keys; `me` is who asks.")] = []
    matcher: Annotated[list[str], Field(description=MATCHER, examples=[['service="web"']])] = []
    search: Annotated[str, Field(max_length=MAX_SEARCH, description=SEARCH)] = ""
    since: Annotated[datetime | None, Field(alias="from", description="Begun then or later; without a zone: UTC.")] = None
    before: Annotated[datetime | None, Field(alias="to", description="Begun before then.")] = None

    def common_filters(self, viewer: str, limits: Limits) -> Filters:
        """Read what both lists take; raises `Malformed` for matchers that cannot be read, or cost too much."""
        return Filters(
            severities=self.severity,
            assignees=expand_me(self.assignee, viewer),
            matchers=read_list_matchers(self.matcher, limits),
            search=self.search,
            since=in_utc(self.since),
            before=in_utc(self.before),
        )


class AlertFilters(CommonFilters):
    """Which alerts."""

    status: Annotated[list[AlertStatus], Field(description="`open` is triggered and acknowledged.")] = []
    integration: list[str] = []

    def filters(self, viewer: str, limits: Limits) -> Filters:
        """Read all filters; raises `Malformed`."""
        return replace(self.common_filters(viewer, limits), statuses=expand_statuses(self.status), integrations=self.integration)


class AlertQuery(AlertFilters, PageQuery):
    """What a list of alerts takes; without `status`, all but ignored alerts (BEHAVIOUR 1)."""

    sort: Annotated[AlertSort, Field(description=SORT)] = "-started_at"

    def filters(self, viewer: str, limits: Limits) -> Filters:
        found = super().filters(viewer, limits)
        return found if found.statuses else replace(found, statuses=(*OPEN, "resolved"))


class IncidentQuery(CommonFilters, PageQuery):
    """What a list of incidents takes; without `status`, all."""

    status: Annotated[list[IncidentStatus], Field(description="`open` is triggered and acknowledged.")] = []
    sort: Annotated[IncidentSort, Field(description=SORT)] = "-started_at"

    def filters(self, viewer: str, limits: Limits) -> Filters:
        """Read all filters; raises `Malformed`."""
        return replace(self.common_filters(viewer, limits), statuses=expand_statuses(self.status))


class TimelineQuery(PageQuery):
    """What a timeline takes."""

    kind: Annotated[list[str], Field(description="What happened, as entries name it.", examples=[["comment", "resolved"]])] = []
    actor: Annotated[list[str], Field(description="People by their keys, `me` is who asks; or `alert-bot`.")] = []
    since: Annotated[datetime | None, Field(alias="from", description="Happened then or later; without a zone: UTC.")] = None
    before: Annotated[datetime | None, Field(alias="to", description="Happened before then.")] = None

    def filters(self, viewer: str) -> Filters:
        """Read all filters."""
        return Filters(
            kinds=self.kind, actors=expand_me(self.actor, viewer), since=in_utc(self.since), before=in_utc(self.before)
        )


class SilenceQuery(PageQuery):
    """What a list of silences takes; without `state`, all."""

    state: list[SilenceState] = []
    search: Annotated[str, Field(max_length=MAX_SEARCH, description="Part of a matcher, comment or author, in any case.")] = ""
    sort: Annotated[SilenceSort, Field(description="By what to sort; `-` gives the latest first.")] = "-ends_at"


def read_matchers(texts: Iterable[str], limits: Limits) -> list[Matcher]:
    """Read matchers; raises `Malformed`."""
    try:
        return read_bounded(texts, limits)
    except InvalidMatcher as error:
        raise Malformed(str(error)) from error


def read_list_matchers(texts: Iterable[str], limits: Limits) -> list[Matcher]:
    """Read the matchers of a list; raises `Malformed`, also when they are too many."""
    matchers = read_matchers(texts, limits)
    try:
        check_list(matchers, limits)
    except InvalidMatcher as error:
        raise Malformed(str(error)) from error
    return matchers


def in_utc(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def expand_statuses(said: Iterable[str]) -> tuple[str, ...]:
    """Replace `open` by what it stands for, each status once."""
    return tuple(dict.fromkeys(status for word in said for status in (OPEN if word == "open" else (word,))))


def expand_me(people: Iterable[str], viewer: str) -> tuple[str, ...]:
    return tuple(viewer if person == ME else person for person in people)
