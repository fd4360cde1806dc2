"""Whether every promise held: what senders were told, what PostgreSQL holds, what a replay says, what Slack saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row

from schemas import records
from schemas.codec import decode_body
from schemas.records import Content, Link
from schemas.settings import Settings
from tests.crash.load import Told
from tests.crash.people import Answers, Asked
from tests.crash.replay import History, replay
from tests.servers import wait_until
from tocsin.status_ledger import read_ledger

LEDGER_SECONDS = 40

TIMES = {
    "alerts": (
        "started_at",
        "ended_at",
        "first_seen_at",
        "last_seen_at",
        "resolved_at",
        "received_at",
        "hold_until",
        "steady_at",
        "forget_at",
    ),
    "incidents": (
        "created_at",
        "acknowledged_at",
        "resolved_at",
        "resolve_at",
        "remind_at",
        "publish_at",
        "sla_at",
        "forget_at",
        "forget_alerts_at",
    ),
    "timeline": ("at",),
    "notifications": ("at",),
    "outcomes": ("at",),
    "silences": ("starts_at", "ends_at"),
}
Rows = list[dict[str, Any]]


def read_rows(database: psycopg.Connection[Any], table: str) -> Rows:
    """Read a table of the read model, its times as milliseconds."""
    with database.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'tocsin' AND table_name = %s", [table]
        )
        names = [row["column_name"] for row in cursor.fetchall()]
        times = TIMES.get(table, ())
        millis = "(extract(epoch FROM {0}) * 1000)::bigint AS {0}"
        columns = [millis.format(name) if name in times else f'"{name}"' for name in names]
        return list(cursor.execute(f"SELECT {', '.join(columns)} FROM tocsin.{table}").fetchall())


def audit(
    settings: Settings, told: Told, answers: Answers, opened: Mapping[tuple[str, int], int]
) -> tuple[list[str], dict[str, Any]]:
    """Say what is wrong (an empty list: every promise held) and what was looked at.

    `opened`: how many messages of its own each incident has at Slack.
    """
    with psycopg.connect(settings.database_url) as database:
        database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        rows = {table: read_rows(database, table) for table in (*TIMES, "payloads", "positions", "projects")}
    positions = {row["partition"]: (row["journal_offset"], row["next_inbox"]) for row in rows["positions"]}
    history = replay(settings, positions)
    found = [
        *receipts_problems(told, rows["outcomes"]),
        *sums_problems(rows),
        *numbers_problems(rows),
        *replay_problems(history, rows),
        *slack_problems(rows, opened),
        *ledger_problems(settings, rows["outcomes"]),
        *command_problems(answers, rows),
    ]
    counts = Counter(event["outcome"] for row in rows["outcomes"] for event in row["events"])
    facts = {
        "requests accepted": len(told.accepted), "events accepted": told.events,
        "refused": told.refused, "broken off": told.broken, "outcomes": dict(counts),
        "commands": dict(Counter(f"{asked.verb} {'done' if asked.is_done else 'refused'}" for asked in answers.given)),
        "alerts": len(rows["alerts"]), "incidents": len(rows["incidents"]),
        "entries": history.entries, "parts": history.parts, "void records": history.void,
        "writers": len(history.writers), "cores": sorted(history.cores), "slack messages": sum(opened.values()),
    }  # fmt: skip
    return found, facts


def ledger_problems(settings: Settings, outcomes: Rows) -> list[str]:
    """The ledger adds up, nothing is pending, and it has counted what PostgreSQL has; a killed one may need a while."""
    wanted = Counter(row["project"] for row in outcomes if row["integration"] is not None for _ in row["events"])
    try:
        wait_until(lambda: _counted(settings) == (dict(wanted), []), "the ledger adds up", LEDGER_SECONDS)
    except AssertionError:
        received, wrong = _counted(settings)
        return [f"the ledger has received {received}, PostgreSQL has {dict(wanted)}", *wrong]
    return []


def _counted(settings: Settings) -> tuple[dict[str, int], list[str]]:
    ledger = read_ledger(settings)
    wrong = [f"the ledger: {row}" for row in ledger if row["state"] != "adds up" or row["pending"]]
    return {row["project"]: row["received"] for row in ledger}, wrong


def receipts_problems(told: Told, outcomes: Rows) -> list[str]:
    """Every event that got a 2xx has exactly one outcome."""
    seen: dict[str, Counter[int]] = {}
    for row in outcomes:
        seen.setdefault(row["receipt"], Counter()).update(event["index"] for event in row["events"])
    lost = sum(count for receipt, (_, count) in told.accepted.items() if receipt not in seen)
    other = [
        f"receipt {receipt} of {project}: {count} events, outcomes {dict(seen[receipt])}"
        for receipt, (project, count) in told.accepted.items()
        if receipt in seen and seen[receipt] != Counter(range(count))
    ]
    return ([f"{lost} accepted events have no outcome"] if lost else []) + other[:5]


def sums_problems(rows: Mapping[str, Rows]) -> list[str]:
    """The alerts' events add up to the firing events that were taken, per project."""
    taken = Counter(
        row["project"] for row in rows["outcomes"] for event in row["events"] if event["outcome"] in ("created", "merged")
    )
    counted: Counter[str] = Counter()
    for alert in rows["alerts"]:
        counted[alert["project"]] += alert["events"]
    return [] if taken == counted else [f"firing events taken {dict(taken)}, counted by alerts {dict(counted)}"]


def numbers_problems(rows: Mapping[str, Rows]) -> list[str]:
    """Numbers have no gap and no duplicate."""
    found = []
    for table in ("alerts", "incidents"):
        numbers: dict[str, list[int]] = {}
        for row in rows[table]:
            numbers.setdefault(row["project"], []).append(row["number"])
        found += [
            f"{table} of {project}: {len(given)} rows, numbers up to {max(given)}"
            for project, given in numbers.items()
            if sorted(given) != list(range(1, len(given) + 1))
        ]
    return found


def command_problems(answers: Answers, rows: Mapping[str, Rows]) -> list[str]:
    """What a command was to change has changed once if the answer was that it is done, and not at all if it was refused."""
    timeline = Counter((row["kind"], row["text"]) for row in rows["timeline"])
    silences = Counter(row["comment"] for row in rows["silences"])
    titles = Counter(row["title"] for row in rows["incidents"])
    titles += Counter(row["details"]["before"] for row in rows["timeline"] if row["kind"] == "title")
    effects: dict[str, Callable[[Asked], int]] = {
        "comment": lambda asked: timeline["comment", asked.mark],
        "title": lambda asked: timeline["title", f"title changed to {asked.mark}"],
        "create": lambda asked: titles[asked.mark],
        "silence": lambda asked: silences[asked.mark],
    }
    found = [
        f"{asked.verb} {asked.mark!r} of {asked.project} is done ({asked.is_done}) and took effect {count} times"
        for asked in answers.given
        if asked.verb in effects and (count := effects[asked.verb](asked)) != asked.is_done
    ]
    return answers.problems[:5] + found[:5]


def slack_problems(rows: Mapping[str, Rows], opened: Mapping[tuple[str, int], int]) -> list[str]:
    """Each incident has exactly one message of its own, or is named in exactly one digest."""
    expected = {(row["project"], row["number"]): 1 for row in rows["incidents"]}
    wrong = {key: opened.get(key, 0) for key in expected | dict(opened) if opened.get(key, 0) != expected.get(key, 0)}
    return (
        [f"Slack has another number of messages than 1 for {len(wrong)} incidents, for example {list(wrong.items())[:5]}"]
        if wrong
        else []
    )


def replay_problems(history: History, rows: Mapping[str, Rows]) -> list[str]:
    """The inbox, replayed in one thread along the chain, equals PostgreSQL row for row."""
    pairs: dict[str, tuple[Mapping[Any, Any], Mapping[Any, Any]]] = {
        "alerts": (history.alerts, {(row["project"], row["number"]): alert_of(row) for row in rows["alerts"]}),
        "contents": (
            {key: decode_body(content, Content) for key, content in history.contents.items()},
            {(row["project"], row["number"]): content_of(row) for row in rows["alerts"]},
        ),
        "payloads": (history.payloads, {(row["project"], row["number"]): row["payload"] for row in rows["payloads"]}),
        "silences": (history.silences, {(row["project"], row["id"]): silence_of(row) for row in rows["silences"]}),
        "incidents": (history.incidents, {(row["project"], row["number"]): incident_of(row) for row in rows["incidents"]}),
        "timeline": (_by_number(history.timeline), _by_number([timeline_of(row) for row in rows["timeline"]])),
        "notifications": (_by_number(history.notifications), _by_number([notification_of(row) for row in rows["notifications"]])),
        "outcomes": (
            history.outcomes,
            {(row["partition"], row["inbox_offset"], row["item"]): outcome_of(row) for row in rows["outcomes"]},
        ),
    }
    found = []
    for what, (replayed, stored) in pairs.items():
        differing = [key for key in replayed.keys() | stored.keys() if replayed.get(key) != stored.get(key)]
        if differing:
            key = sorted(differing)[0]
            found.append(
                f"{what}: {len(differing)} of {len(replayed)} differ, for example {key}:\n"
                f"  replayed {replayed.get(key)}\n  stored   {stored.get(key)}"
            )
    return found


def _by_number(items: Sequence[Any]) -> dict[tuple[str, int, int], Any]:
    return {(item.project, item.incident, item.number): item for item in items}


def _cause(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "offset": row["inbox_offset"], "index": row["inbox_index"]}


def _fill(kind: type[Any], row: Mapping[str, Any]) -> Any:
    return kind(**{name: row[name] for name in kind.__struct_fields__})


def alert_of(row: dict[str, Any]) -> records.AlertState:
    kind = row["suppressed_by_kind"]
    muted = None if kind is None else records.SuppressedBy(kind, row["suppressed_by_id"])
    senders = msgspec.convert(row["senders"], list[records.Sender])
    return _fill(records.AlertState, {**_cause(row), "suppressed_by": muted, "senders": senders})  # type: ignore[no-any-return]


def content_of(row: dict[str, Any]) -> Content:
    links = [Link(link["kind"], link["url"]) for link in row["links"]]
    return _fill(Content, {**row, "links": links})  # type: ignore[no-any-return]


def incident_of(row: dict[str, Any]) -> records.IncidentState:
    published = row["published"]
    return _fill(  # type: ignore[no-any-return]
        records.IncidentState,
        {
            **_cause(row),
            "group": [records.GroupValue(part["name"], part["value"]) for part in row["group_values"]],
            "links": [Link(link["kind"], link["url"]) for link in row["links"]],
            "reminders": msgspec.convert(row["reminders"], list[records.Reminder]),
            "published": None if published is None else msgspec.convert(published, records.Publication),
        },
    )


def silence_of(row: dict[str, Any]) -> records.SilenceState:
    return _fill(records.SilenceState, _cause(row))  # type: ignore[no-any-return]


def timeline_of(row: dict[str, Any]) -> records.TimelineItem:
    return _fill(records.TimelineItem, _cause(row))  # type: ignore[no-any-return]


def notification_of(row: dict[str, Any]) -> records.Notification:
    return _fill(records.Notification, _cause(row))  # type: ignore[no-any-return]


def outcome_of(row: dict[str, Any]) -> records.Outcome:
    events = [msgspec.convert(event, records.EventOutcome) for event in row["events"]]
    return _fill(records.Outcome, {**row, "offset": row["inbox_offset"], "events": events})  # type: ignore[no-any-return]
