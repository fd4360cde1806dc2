"""Receivers that cannot be told anything, as `tocsin status` shows them. Not here: finding them (`sinks/slack/trouble.py`)."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.codec import decode
from schemas.errors import MalformedRecord
from schemas.settings import Settings
from schemas.sink_records import ReceiverTrouble
from schemas.topics import RECEIVERS
from sinks.compacted import CompactedTopic
from tocsin.cluster import admin_client, partitions_of
from tocsin.terminal import exact, relative


def read_receivers(settings: Settings) -> list[dict[str, Any]]:
    """Read what is broken, longest first; raises `Unavailable`. Nothing where no sink has ever written."""
    name = RECEIVERS.full_name(settings.topic_prefix)
    with admin_client(settings, wait_seconds=3) as client:
        count = partitions_of(client, [name]).get(name, 0)
    topic = CompactedTopic(settings, RECEIVERS)
    try:
        return summarise(topic.load(range(count)).values())
    finally:
        topic.close()


def summarise(values: Any) -> list[dict[str, Any]]:
    """Give a row for each trouble; what a newer version wrote is left out."""
    found: list[ReceiverTrouble] = []
    for value in values:
        try:
            found.append(decode(value, ReceiverTrouble))
        except MalformedRecord:
            continue
    rows: list[dict[str, Any]] = msgspec.to_builtins(sorted(found, key=lambda one: (one.since, one.place)))
    return rows


def render_receivers(rows: list[dict[str, Any]], now: int) -> list[str]:
    """Lay it out for a terminal: who is told nothing, why, since when, and what people do about it."""
    lines: list[str] = []
    for row in rows:
        place = f"{row['sink']} channel {row['place']}" if row["place"] else f"all of {row['sink']}"
        waiting = f"; news of {row['waiting']:,} incident{'' if row['waiting'] == 1 else 's'} waits" if row["waiting"] else ""
        since = f"since {exact(row['since'])}, {relative(row['since'], now)}"
        who = f"receiver{'' if len(row['receivers']) == 1 else 's'} {', '.join(row['receivers'])}"
        lines += [
            f"▲ broken {who} ({place}): {row['error']}",
            f"    {since}{waiting}",
            f"    to mend it: {row['advice']}",
        ]
    return ["", *lines] if lines else []
