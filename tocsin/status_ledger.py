"""The ledger's part of `tocsin status`: each project's books, as the sink last wrote them. Not here: the counting."""

from __future__ import annotations

from collections import Counter
from typing import Any

from schemas.clock import now_millis
from schemas.settings import Settings
from schemas.topics import LEDGER
from sinks.ledger.book import EVENT_OUTCOMES, difference
from sinks.ledger.store import Kept, open_topic, read_kept
from sinks.ledger.words import recent
from tocsin.cluster import admin_client, partitions_of
from tocsin.terminal import exact, iso, millis_of, one_line

COLUMNS = ("received", *EVENT_OUTCOMES, "pending", "difference")


def read_ledger(settings: Settings) -> list[dict[str, Any]]:
    """Read the books of all projects; raises `Unavailable`. Nothing where no ledger has ever written."""
    name = LEDGER.full_name(settings.topic_prefix)
    with admin_client(settings, wait_seconds=3) as client:
        count = partitions_of(client, [name]).get(name, 0)
    topic = open_topic(settings)
    try:
        return summarise(list(read_kept(topic, range(count)).values()), now_millis())
    finally:
        topic.close()


def summarise(books: list[Kept], now: int) -> list[dict[str, Any]]:
    """Give a row for each project, by name; `now` in milliseconds, since which words of the last day are told."""
    rows = [_row(project, book, _words_of(project, book, now)) for book in books for project in {**book.accounts, **book.pending}]
    return sorted(rows, key=lambda row: str(row["project"]))


def render_ledger(rows: list[dict[str, Any]]) -> list[str]:
    """Lay it out for a terminal; a project that does not add up has a word and a shape for it."""
    if not rows:
        return []
    lines = ["", "  " + f"{'ledger':20}" + "".join(f"{column:>11}" for column in COLUMNS)]
    for row in rows:
        numbers = "".join(f"{row[column]:>11,}" for column in COLUMNS)
        lines.append(f"{'✓' if row['state'] == 'adds up' else '▲'} {row['project']:20}{numbers}  {row['state']}")
    return lines + [_line(row["project"], one) for row in rows for one in row["unknown_status_words"]]


def _line(project: str, one: dict[str, Any]) -> str:
    times = "once" if one["count"] == 1 else f"{one['count']:,} times"
    what = f"{project}/{one['integration']}: unknown status word {one_line(one['word'])!r}, {times}"
    return f"▲ {what}, last at {exact(millis_of(one['last_at']))}; it counts as firing until status_map gives it a meaning"


def _words_of(project: str, book: Kept, now: int) -> list[dict[str, Any]]:
    """List the words of senders' statuses that have no meaning, of one project's integrations, by name."""
    return [
        {"integration": name.partition("/")[2], "word": word, "count": one.count, "last_at": iso(one.last_at)}
        for name, known in sorted(recent(book.words, now).items())
        if name.partition("/")[0] == project
        for word, one in sorted(known.items())
    ]


def _row(project: str, book: Kept, words: list[dict[str, Any]]) -> dict[str, Any]:
    account, pending = book.accounts.get(project, {}), book.pending.get(project, 0)
    counts = Counter(account)
    missing = difference(account)
    state = "does not add up" if missing else "stuck" if book.is_stuck and pending else "adds up"
    numbers = {name: counts[name] for name in ("received", *EVENT_OUTCOMES)}
    return {
        "project": project,
        **numbers,
        "pending": pending,
        "difference": missing,
        "state": state,
        "unknown_status_words": words,
    }
