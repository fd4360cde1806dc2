"""The ledger's part of `tocsin status`: each project's books, as the sink last wrote them. Not here: the counting."""

from __future__ import annotations

from collections import Counter
from typing import Any

from schemas.settings import Settings
from schemas.topics import LEDGER
from sinks.ledger.book import EVENT_OUTCOMES, difference
from sinks.ledger.store import Kept, open_topic, read_kept
from tocsin.cluster import admin_client, partitions_of

COLUMNS = ("received", *EVENT_OUTCOMES, "pending", "difference")


def read_ledger(settings: Settings) -> list[dict[str, Any]]:
    """Read the books of all projects; raises `Unavailable`. Nothing where no ledger has ever written."""
    name = LEDGER.full_name(settings.topic_prefix)
    with admin_client(settings, wait_seconds=3) as client:
        count = partitions_of(client, [name]).get(name, 0)
    topic = open_topic(settings)
    try:
        return summarise(list(read_kept(topic, range(count)).values()))
    finally:
        topic.close()


def summarise(books: list[Kept]) -> list[dict[str, Any]]:
    """Give a row for each project, by name."""
    rows = [
        _row(project, book.accounts.get(project, {}), book.pending.get(project, 0), book.is_stuck)
        for book in books
        for project in {**book.accounts, **book.pending}
    ]
    return sorted(rows, key=lambda row: str(row["project"]))


def render_ledger(rows: list[dict[str, Any]]) -> list[str]:
    """Lay it out for a terminal; a project that does not add up has a word and a shape for it."""
    if not rows:
        return []
    lines = ["", "  " + f"{'ledger':20}" + "".join(f"{column:>11}" for column in COLUMNS)]
    for row in rows:
        numbers = "".join(f"{row[column]:>11,}" for column in COLUMNS)
        lines.append(f"{'✓' if row['state'] == 'adds up' else '▲'} {row['project']:20}{numbers}  {row['state']}")
    return lines


def _row(project: str, account: dict[str, int], pending: int, is_stuck: bool) -> dict[str, Any]:
    counts = Counter(account)
    missing = difference(account)
    state = "does not add up" if missing else "stuck" if is_stuck and pending else "adds up"
    numbers = {name: counts[name] for name in ("received", *EVENT_OUTCOMES)}
    return {"project": project, **numbers, "pending": pending, "difference": missing, "state": state}
