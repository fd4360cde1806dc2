"""Several senders of one alert that each say until when it fires (Alertmanager's API v2; BEHAVIOUR 4, "Several senders").

Two Prometheus of a pair are told apart by the source of their requests, else by the start that each names. An alert
is over when the last of them says so, or when the time that each named has passed. Not here: what an end does (`deduplicate.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from processors.core.work import Work
from schemas.records import AlertState, Sender

SILENT_MILLIS = 5 * 60_000
"""Once one sender has said that it is over, another counts for so long after it last spoke. A Prometheus that fires repeats
each minute, and Alertmanager's own `resolve_timeout` is as long."""
MAX_SENDERS = 8
"""A sender that names another start each time would else fill the state; the ones that end first are dropped."""


def note_firing(work: Work, alert: AlertState | None, *, is_again: bool = False) -> tuple[list[Sender], int]:
    """Give the senders after a firing event that names its end, and when the alert ends unless it is sent again.

    `is_again`: it fires what has ended. If an end had been said by what looks like the same sender, there are two.
    Times are on the clock that rests while no door is open.
    """
    event, state = work.event, work.state
    if event.expires_at is not None:
        expires_at = event.expires_at - state.put_off_millis
    else:
        assert event.expires_after_millis is not None
        expires_at = state.door_clock + event.expires_after_millis
    known = [] if alert is None else _still_firing(alert.senders, state.door_clock)
    same = next((sender for sender in known if _is_same(sender, work)), None)
    is_shared = is_again or (same is not None and same.is_shared)
    said = Sender(work.batch.source, event.started_at, state.door_clock, expires_at, is_shared)
    others = [sender for sender in known if sender is not same]
    senders = sorted([*others, said], key=lambda sender: sender.expires_at)[-MAX_SENDERS:]
    return senders, senders[-1].expires_at


def after_end(work: Work, alert: AlertState) -> list[Sender]:
    """Give the senders that still say it fires after one has said that it is over, the one that ends last at the end."""
    now = work.state.door_clock
    others = [sender for sender in alert.senders if sender.is_shared or not _is_same(sender, work)]
    capped = [replace(sender, expires_at=min(sender.expires_at, sender.said_at + SILENT_MILLIS)) for sender in others]
    return sorted(_still_firing(capped, now), key=lambda sender: sender.expires_at)


def _is_same(sender: Sender, work: Work) -> bool:
    return (sender.source, sender.started_at) == (work.batch.source, work.event.started_at)


def _still_firing(senders: Iterable[Sender], now: int) -> list[Sender]:
    return [sender for sender in senders if sender.expires_at > now]
