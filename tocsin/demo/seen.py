"""What can be seen from outside: alerts and incidents by the operator API, outcomes by SQL, and the status page.

httpx's and psycopg's exceptions end here as `Unavailable`. Not here: Slack (`slack.py`).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, TypeVar

import httpx
import msgspec
import psycopg

from schemas.errors import Unavailable

T = TypeVar("T")
TIMEOUT_SECONDS = 10.0
ALERT_STATUSES = ("triggered", "acknowledged", "resolved", "ignored")
INCIDENT_STATUSES = ("triggered", "acknowledged", "resolved")
APPLIED = "SELECT count(*) FROM tocsin.positions WHERE partition = %s AND journal_offset >= 0"
OUTCOMES = "SELECT events FROM tocsin.outcomes WHERE project = 'shop' AND integration IS NOT NULL"


class SuppressedBy(msgspec.Struct, frozen=True):
    kind: str
    id: str


class Alert(msgspec.Struct, frozen=True):
    """What the story asks of an alert."""

    number: int
    title: str
    severity: str
    status: str
    events: int
    hosts: list[str]
    incident: int | None = None
    suppressed_by: SuppressedBy | None = None


class Counts(msgspec.Struct, frozen=True):
    firing: int
    total: int


class Incident(msgspec.Struct, frozen=True):
    """What the story asks of an incident."""

    number: int
    title: str
    severity: str
    status: str
    alerts: Counts
    created_at: datetime
    rule: str | None = None
    merged_into: int | None = None


class Entry(msgspec.Struct, frozen=True):
    """Of a timeline: who did what."""

    actor: str
    text: str


class List(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw]
    next: str | None = None


class Status(msgspec.Struct, frozen=True):
    indicator: str
    description: str


class Component(msgspec.Struct, frozen=True):
    name: str
    status: str


class Published(msgspec.Struct, frozen=True):
    name: str
    status: str
    impact: str


class Page(msgspec.Struct, frozen=True):
    """The status page, as its summary.json tells it: components, and what is not resolved."""

    status: Status
    components: list[Component]
    incidents: list[Published]

    @property
    def broken(self) -> dict[str, str]:
        """The components that are not operational, with their status."""
        return {part.name: part.status for part in self.components if part.status != "operational"}


class Event(msgspec.Struct, frozen=True):
    outcome: str


class Operator:
    """One project in the operator API, with the local admin token."""

    def __init__(self, base: str, project: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(
            base_url=f"{base}/api/v1/projects/{project}", headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def alerts(self) -> list[Alert]:
        """Read all alerts, by number."""
        return self._all("/alerts", Alert, ALERT_STATUSES)

    def incidents(self) -> list[Incident]:
        """Read all incidents, by number."""
        return self._all("/incidents", Incident, INCIDENT_STATUSES)

    def timeline(self, incident: int) -> list[Entry]:
        """Read what happened in an incident, by time; its first 100 entries, none of one that is not there."""
        if incident not in [found.number for found in self.incidents()]:
            return []
        return _get_list(self._client, f"/incidents/{incident}/timeline", Entry, {"limit": 100})[0]

    def _all(self, path: str, kind: type[T], statuses: tuple[str, ...]) -> list[T]:
        query: dict[str, Any] = {"status": list(statuses), "sort": "number"}
        items: list[T] = []
        while True:
            page, query["cursor"] = _get_list(self._client, path, kind, query)
            items += page
            if query["cursor"] is None:
                return items


class StatusPage:
    """The status page, as a visitor gets it."""

    def __init__(self, base: str) -> None:
        self._client = httpx.Client(base_url=base, timeout=TIMEOUT_SECONDS, trust_env=False)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def read(self) -> Page:
        """Read the summary; raises `Unavailable` while nothing has been published."""
        return _get(self._client, "/api/v2/summary.json", Page, {})

    def is_there(self) -> bool:
        """Say whether something has been published."""
        try:
            self.read()
        except Unavailable:
            return False
        return True


class ReadModel:
    """PostgreSQL, for what the operator API does not tell yet."""

    def __init__(self, url: str) -> None:
        self.url = url

    def is_configured(self, partition: int) -> bool:
        """Say whether a first decision of that partition has arrived: with no alert sent, that is its configuration."""
        return bool(self._rows(APPLIED, [partition])[0][0])

    def outcomes(self) -> Counter[str]:
        """Count what became of all alert events of the shop."""
        rows = self._rows(OUTCOMES, [])
        return Counter(event.outcome for (events,) in rows for event in msgspec.convert(events, list[Event]))

    def _rows(self, query: str, values: list[Any]) -> list[tuple[Any, ...]]:
        try:
            with psycopg.connect(self.url, connect_timeout=5) as connection:
                return connection.execute(query, values).fetchall()
        except psycopg.Error as error:
            raise Unavailable(f"PostgreSQL: {str(error).strip()}") from error


def _get_list(client: httpx.Client, path: str, kind: type[T], query: dict[str, Any]) -> tuple[list[T], str | None]:
    """Read one page of a list; give its items, and the cursor of the next page."""
    page = _get(client, path, List, query)
    try:
        return [msgspec.json.decode(item, type=kind) for item in page.items], page.next
    except msgspec.DecodeError as error:
        raise Unavailable(f"{client.base_url}{path}: {error}") from error


def _get(client: httpx.Client, path: str, kind: type[T], query: dict[str, Any]) -> T:
    try:
        response = client.get(path, params=query)
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=kind)
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise Unavailable(f"{client.base_url}{path}: {error}") from error
