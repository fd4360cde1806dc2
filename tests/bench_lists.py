"""How long each list and count of the operator API takes at a million alerts: `make bench-lists`, about four minutes.

Asks PostgreSQL as the API does, by the same statements, and reads all rows. Not here: HTTP, what a sink's rows cost
(`tests/bench/`).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import psycopg

from producers.operator.filters import AlertSort, IncidentSort
from producers.operator.narrowing import ALERTS, INCIDENTS, Filters, narrow
from producers.operator.paging import Cursor, Sort
from producers.operator.queries import Query, Scope, count_alerts, count_muted, list_alerts, list_incidents
from schemas.matchers import parse_matchers
from sinks.postgres.migrate import migrate
from tests.servers import running_postgres

AIM_MILLIS = 50
LIMIT = 100
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = timedelta(seconds=10)
OPEN, LISTED = ("triggered", "acknowledged"), ("triggered", "acknowledged", "resolved")
FILL = """
INSERT INTO tocsin.alerts (project, number, version, inbox_offset, inbox_index, events, severity, status, started_at, ended_at,
    first_seen_at, last_seen_at, resolved_at, incident, title, description, service, monitoring_tool, labels, environment, hosts,
    assignees, is_flapping, integration, fingerprint, identity, content_hash, payload_hash, changes)
SELECT 'shop', n, 1, n, 0, 1 + (n::bigint * 7919) %% 1000, (ARRAY['critical', 'high', 'medium', 'low', 'info'])[1 + n %% 5],
    status, at, CASE WHEN NOT is_open THEN at + (n %% 3600) * interval '1 s' END, at, at,
    CASE WHEN status = 'resolved' THEN at + (n %% 3600) * interval '1 s' END, CASE WHEN n %% 3 = 0 THEN 1 + n / 50 END,
    'Alert ' || n %% 977 || ' is slow on web-' || n %% 211, 'The 95th percentile of ' || md5((n %% 5000)::text) || ' is over 2 s',
    'service-' || n %% 53, 'Prometheus',
    jsonb_build_object('team', 'team-' || n %% 17, 'instance', 'web-' || n %% 5000, 'alertname', 'A' || n %% 977), 'production',
    ARRAY['web-' || n %% 5000], CASE WHEN n %% 1000 = 0 THEN ARRAY['ada'] ELSE '{}' END, false, 'prometheus', md5(n::text),
    decode(md5(n::text), 'hex'), decode(md5(n::text), 'hex'), decode(md5(n::text), 'hex'), '{}'
FROM (SELECT n, %(begin)s::timestamptz + n * %(every)s::interval AS at, n %% 100 = 0 OR n %% 500 = 1 AS is_open,
             CASE WHEN n %% 100 = 0 THEN 'triggered' WHEN n %% 500 = 1 THEN 'acknowledged' WHEN n %% 300 = 2 THEN 'ignored'
                  ELSE 'resolved' END AS status
      FROM generate_series(%(first)s::int, %(last)s::int) n) made"""
FILL_INCIDENTS = """
INSERT INTO tocsin.incidents (project, number, version, inbox_offset, inbox_index, title, description, severity, status,
    group_values, firing, total, created_at, resolved_at, components, service, author, assignees, links, is_confidential,
    is_sla_missed, told, told_severity, timeline_count, notification_count)
SELECT 'shop', n, 1, n, 0, 'Alert ' || n %% 977, 'Started', (ARRAY['critical', 'high', 'medium', 'low', 'info'])[1 + n %% 5],
    CASE WHEN n %% 100 = 0 THEN 'triggered' ELSE 'resolved' END, jsonb_build_array(jsonb_build_object('name', 'team', 'value',
    'team-' || n %% 17)), 0, 16, %(begin)s::timestamptz + n * 50 * %(every)s::interval,
    CASE WHEN n %% 100 > 0 THEN %(begin)s::timestamptz + (n * 50 + 100) * %(every)s::interval END, '{}', 'service-' || n %% 53,
    'alert-bot', CASE WHEN n %% 100 = 0 THEN ARRAY['ada'] ELSE '{}' END, '[]', n %% 200 = 0, false, '{}', 'low', 0, 0
FROM generate_series(1, %(count)s::int / 50 + 1) n"""
ALL, VIEWER = Scope("shop", "root", True), Scope("shop", "ada", False)
NARROWED = {
    "assignee=ada": Filters(assignees=["ada"]),
    "assignee found nowhere": Filters(assignees=["nobody"]),
    "severity=critical": Filters(severities=["critical"]),
    "severity found nowhere": Filters(severities=["unknown"]),
    "integration found nowhere": Filters(integrations=["other"]),
    'service="service-7"': Filters(matchers=parse_matchers('service="service-7"')),
    'team="team-3"': Filters(matchers=parse_matchers('team="team-3"')),
    "a label found nowhere": Filters(matchers=parse_matchers('team="nowhere"')),
    'alertname="A7"': Filters(matchers=parse_matchers('alertname="A7"')),
    "alertname found nowhere": Filters(matchers=parse_matchers('alertname="nowhere"')),
    'title="…" found nowhere': Filters(matchers=parse_matchers('title="nowhere"')),
    "search=web-17": Filters(search="web-17"),
    "search=service, in each alert": Filters(search="service"),
    "search found nowhere": Filters(search="nowhere"),
}


def alert_lists() -> Iterator[tuple[str, Query]]:
    """Give each order of alerts from both ends, and a late page of it; then each filter in the default order."""
    for sort in sorted(get_args(AlertSort)):
        order = Sort(sort.removeprefix("-"), sort.startswith("-"))
        for shown, statuses in (("", LISTED), ("status=open ", OPEN)):
            narrowing = narrow(ALERTS, "a", Filters(statuses=statuses))
            yield f"alerts {shown}sort={sort}", list_alerts(ALL, narrowing, order, None, LIMIT)
    newest = Sort("started_at", True)
    yield "alerts, not admin", list_alerts(VIEWER, narrow(ALERTS, "a", Filters(statuses=LISTED)), newest, None, LIMIT)
    for shown, filters in NARROWED.items():
        yield f"alerts {shown}", list_alerts(ALL, narrow(ALERTS, "a", filters), newest, None, LIMIT)


def incident_lists() -> Iterator[tuple[str, Query]]:
    for sort in sorted(get_args(IncidentSort)):
        for shown, statuses in (("", ()), ("status=open ", OPEN)):
            narrowing = narrow(INCIDENTS, "i", Filters(statuses=statuses))
            order = Sort(sort.removeprefix("-"), sort.startswith("-"))
            yield f"incidents {shown}sort={sort}", list_incidents(VIEWER, narrowing, order, None, LIMIT)


def counts(end: datetime) -> Iterator[tuple[str, Query]]:
    yield "counts", count_alerts(ALL, narrow(ALERTS, "a", Filters()))
    yield "counts, not admin", count_alerts(VIEWER, narrow(ALERTS, "a", Filters()))
    yield "counts status=open", count_alerts(ALL, narrow(ALERTS, "a", Filters(statuses=OPEN)))
    for shown in ('service="service-7"', "severity=critical", "search=web-17", "search=service, in each alert"):
        yield f"counts {shown}", count_alerts(ALL, narrow(ALERTS, "a", NARROWED[shown]))
    yield "counts search=web-17, not admin", count_alerts(VIEWER, narrow(ALERTS, "a", NARROWED["search=web-17"]))
    matcher = narrow(ALERTS, "a", NARROWED['service="service-7"'])
    yield "silence preview, 7 days", count_muted(ALL, matcher, end - timedelta(days=7))


def late_pages(count: int) -> Iterator[tuple[str, Query]]:
    narrowing = narrow(ALERTS, "a", Filters(statuses=LISTED))
    middle = Cursor("-started_at", (BEGIN + EVERY * (count // 2)).isoformat(), count // 2)
    yield "alerts, page 5,000", list_alerts(ALL, narrowing, Sort("started_at", True), middle, LIMIT)


def fill(database: psycopg.Connection[Any], count: int) -> None:
    for first in range(1, count + 1, 50_000):
        values = {"begin": BEGIN, "every": EVERY, "first": first, "last": min(count, first + 49_999)}
        database.execute(FILL, values)
    database.execute(FILL_INCIDENTS, {"begin": BEGIN, "every": EVERY, "count": count})
    told = "INSERT INTO tocsin.projects (project, version, alerts, incidents) VALUES ('shop', 1, %s, %s)"
    database.execute(told, [count, count // 50 + 1])
    database.execute("VACUUM ANALYZE tocsin.alerts, tocsin.incidents")


def measure(database: psycopg.Connection[Any], query: Query) -> float:
    """Give the median of three, in milliseconds, after one that warms up."""
    taken = []
    for _ in range(4):
        began = time.perf_counter()
        database.execute(query.text, query.values).fetchall()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=1_000_000)
    count = parser.parse_args().alerts
    with running_postgres() as url:
        migrate(url)
        with psycopg.connect(url, autocommit=True, options="-c timezone=UTC", prepare_threshold=None) as database:
            began = time.perf_counter()
            fill(database, count)
            print(f"{count} alerts, filled in {time.perf_counter() - began:.0f} s; milliseconds, median of 3 (aim: {AIM_MILLIS})")
            for name, query in (*alert_lists(), *late_pages(count), *incident_lists(), *counts(BEGIN + EVERY * count)):
                millis = measure(database, query)
                print(f"{millis:8.1f}{' !' if millis > AIM_MILLIS else '  '} {name}", flush=True)


if __name__ == "__main__":
    main()
