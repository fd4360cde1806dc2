"""Says once a second how fast records flow and how far behind each group is; silent while nothing moves.

It is a process of its own, so that a broker that does not answer never holds the supervisor. Not here: metrics for machines,
which each process serves itself.
"""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import dataclass, field

import psycopg

from schemas.errors import Unavailable
from schemas.first_use import use_each_type_once
from schemas.settings import Settings
from schemas.topics import INBOX, JOURNAL
from tocsin.cluster import admin_client, end_offsets, lag_by_group

INTERVAL_SECONDS = 1.0
ROWS = "SELECT coalesce(sum(n_tup_ins), 0)::bigint FROM pg_stat_user_tables WHERE schemaname = 'tocsin'"
"""All rows that were inserted, as PostgreSQL counts them itself: cheap, and right within a second."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What stood where at one moment (seconds of the monotonic clock)."""

    at: float
    inbox: int
    journal: int
    rows: int
    lag: dict[str, int] = field(default_factory=dict)


def run(settings: Settings) -> None:
    """Print until SIGTERM. A server that does not answer is said once, and asked again each second."""
    use_each_type_once()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.is_set():
        try:
            _watch(settings, ended)
        except Unavailable as error:
            print(f"no rates: {error}", flush=True)
            ended.wait(INTERVAL_SECONDS)


def render(before: Reading, now: Reading) -> str:
    """Word the difference of two readings, in one line."""
    seconds = max(0.001, now.at - before.at)
    rates = {
        "inbox": (now.inbox - before.inbox) / seconds,
        "journal": (now.journal - before.journal) / seconds,
        "rows": (now.rows - before.rows) / seconds,
    }
    parts = [f"{name} {rate:,.0f}/s" for name, rate in rates.items()]
    lags = [f"{group} {lag:,}" for group, lag in sorted(now.lag.items())]
    return "  ".join([*parts, "lag", *(lags or ["none"])])


def is_news(before: Reading, now: Reading) -> bool:
    """Ticks alone are no news: they are in the inbox each second for ever. Decisions, rows and lag are."""
    return now.journal != before.journal or now.rows != before.rows or now.lag != before.lag


def _watch(settings: Settings, ended: threading.Event) -> None:
    names = {topic.full_name(settings.topic_prefix): settings.partitions for topic in (INBOX, JOURNAL)}
    inbox, journal = names
    with admin_client(settings) as client:
        before: Reading | None = None
        while not ended.is_set():
            ends = end_offsets(client, names)
            lag = lag_by_group(client, settings.topic_prefix)
            short = {group.removeprefix(settings.topic_prefix): behind for group, behind in lag.items()}
            now = Reading(time.monotonic(), _total(ends, inbox), _total(ends, journal), _rows(settings.database_url), short)
            if before is not None and is_news(before, now):
                print(render(before, now), flush=True)
            before = now
            ended.wait(INTERVAL_SECONDS)


def _total(ends: dict[tuple[str, int], int], topic: str) -> int:
    return sum(end for (name, _), end in ends.items() if name == topic)


def _rows(url: str) -> int:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            found = connection.execute(ROWS).fetchone()
    except psycopg.Error as error:
        raise Unavailable(f"PostgreSQL: {str(error).strip()}") from error
    return int(found[0]) if found else 0
