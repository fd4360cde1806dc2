"""Someone who asks a running operator door, and the rows of the read model that tests put behind it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import httpx
import psycopg

from producers.clock.publish import apply_configuration
from schemas.settings import Settings

PEOPLE = ("ada", "bob", "carl", "dora", "eve")
Database = psycopg.Connection[Any]
ALERT_COLUMNS = "project, number, severity, status, started_at, incident, title, assignees, events, ended_at"
ALERT = f"""
INSERT INTO tocsin.alerts ({ALERT_COLUMNS}, version, inbox_offset, inbox_index, first_seen_at, last_seen_at, is_flapping,
                           integration, fingerprint, identity, content_hash, payload_hash, changes)
SELECT v.*, 1, 0, 0, v.started_at, v.started_at, false, 'generic', 'f', '', '', '', '{{}}'
FROM (VALUES (%s::text, %s::bigint, %s::text, %s::text, %s::timestamptz, %s::bigint, %s::text, %s::text[], %s::bigint,
              %s::timestamptz)) v ({ALERT_COLUMNS})"""
INCIDENT = """
INSERT INTO tocsin.incidents (project, number, version, inbox_offset, inbox_index, title, description, severity,
    status, group_values, firing, total, created_at, components, author, assignees, links, is_confidential, is_sla_missed,
    told, told_severity, timeline_count, notification_count)
VALUES ('shop', %s, 1, 0, 0, 'I', '', 'high', %s, '[{"name": "service", "value": "web"}]', 1, 1, %s, '{}', %s, %s, '[]',
    %s, false, '{}', 'high', 0, 0)"""
TIMELINE = """
INSERT INTO tocsin.timeline (project, incident, number, at, actor, kind, text, details, inbox_offset, inbox_index)
VALUES ('shop', %s, %s, %s, 'ada', 'comment', %s, '{}', 0, 0)"""


def alert(number: int, severity: str = "high", status: str = "triggered", **said: Any) -> tuple[Any, ...]:
    start = said.get("start", f"2026-01-01T00:00:{number:02}Z")
    names, ended_at = said.get("assignees", []), said.get("ended_at")
    project, events = said.get("project", "shop"), said.get("events", 1)
    return (project, number, severity, status, start, said.get("incident"), f"alert {number}", names, events, ended_at)


def fill_for_filters(database: Database) -> None:
    with database.cursor() as cursor:
        cursor.executemany(ALERT, [alert(number) for number in range(1, 6)])
        cursor.executemany(
            "UPDATE tocsin.alerts SET service = %s, description = %s, monitoring_tool = %s, labels = %s WHERE number = %s",
            [
                ("web", "100% full", "Nagios", '{"team": "a", "service": "label"}', 1),
                ("api", "1000 full", "Prometheus", '{"team": "b", "alertname": "Down"}', 2),
                ("Web", "a_b", None, '{"alertname": ""}', 3),
                (None, None, None, "{}", 4),
                ("webs", "a\\b ÄRGER", "Zabbix", '{"team": "ab"}', 5),
            ],
        )


def fill_many(database: Database) -> None:
    many = (
        "SELECT v.*, 1, 0, 0, v.started_at, v.started_at, false, 'generic', 'f', '', '', '', '{}' FROM (SELECT 'shop', n, 'high',"
    )
    many += (
        " CASE WHEN n % 50 = 0 THEN 'triggered' ELSE 'resolved' END, timestamptz '2026-01-01' + n * interval '1 s', NULL::bigint,"
    )
    many += f" 'A', '{{}}'::text[], 1, NULL::timestamptz FROM generate_series(1, 9000) n) v ({ALERT_COLUMNS})"
    database.execute(ALERT.partition("SELECT")[0] + many)
    database.execute("ANALYZE tocsin.alerts")


def apply(settings: Settings, members: str) -> None:
    people = "\n".join(f"  {name}: {{name: {name}, tokens: ['sha256:{sha256(name.encode()).hexdigest()}']}}" for name in PEOPLE)
    file = settings.data / "tocsin.yaml"
    file.write_text(f"projects: {{shop: {{title: Web shop, members: {{{members}}}}}, bank: {{}}}}\npeople:\n{people}\n")
    apply_configuration(settings, file)


class Asking:
    """Someone with a token who asks the running door."""

    def __init__(self, settings: Settings) -> None:
        self._client = httpx.Client(base_url=f"http://{settings.operator_listen}", trust_env=False, timeout=10)

    def get(self, path: str, token: str = "ada") -> httpx.Response:
        return self._client.get(path, headers={"Authorization": f"Bearer {token}"})

    def ask(self, method: str, path: str, body: Any = None, token: str = "ada") -> httpx.Response:
        """Ask for something of the project to be changed."""
        return self._client.request(
            method, f"/api/v1/projects/shop/{path}", json=body or {}, headers={"Authorization": f"Bearer {token}"}
        )

    def request(self, method: str, path: str, token: str) -> httpx.Response:
        """Ask at any path, without a body; no token: without one."""
        return self._client.request(method, path, headers={"Authorization": f"Bearer {token}"} if token else {})

    def numbers(self, path: str, token: str = "ada") -> list[int]:
        """The numbers of a whole list, page by page."""
        return self.all(path, "number", token)

    def all(self, path: str, name: str, token: str = "ada") -> list[Any]:
        """A field of all items of a list, page by page."""
        found: list[Any] = []
        cursor = ""
        while True:
            page = self.get(f"/api/v1/projects/shop/{path}{cursor}", token).raise_for_status().json()
            found += [item[name] for item in page["items"]]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    def is_ready(self) -> bool:
        try:
            return self._client.get("/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self._client.close()
