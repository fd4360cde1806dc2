"""Whether a sender's clock is wrong, by the two signs that no healthy sender gives.

A start that lies ahead: alerts of Prometheus' kinds start when they fire, so that none can start later than it is sent.
And a `Date` header. A start in the past says nothing (Alertmanager sends the first one again for as long as it fires), nor
does an end (a firing alert's lies ahead, by Prometheus four intervals; a resolved one's in the past for a quarter of an
hour). Generic JSON may name any start. Not here: what is made of it (`complaints.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import parsedate_to_datetime

from producers.webhook.answers import Headers
from schemas.records import AlertEvent

MAX_OFF_MILLIS = 120_000
PROMETHEUS_KINDS = frozenset(("alertmanager", "grafana", "prometheus"))


def date_off(headers: Headers, now_millis: int) -> str | None:
    """Say how wrong a request's `Date` is; None: it has none, an unreadable one, or a right one."""
    for name, value in headers:
        if name == b"date":
            return _date_off(value.decode("latin-1"), now_millis)
    return None


def start_ahead(format: str, events: Iterable[AlertEvent], now_millis: int) -> str | None:
    """Say how far ahead an alert starts that fires already; None: none does."""
    if format not in PROMETHEUS_KINDS:
        return None
    latest = now_millis + MAX_OFF_MILLIS
    ahead = [start for event in events if (start := event.started_at or 0) > latest and event.is_firing]
    return f"An alert that fires has a startsAt {(max(ahead) - now_millis) // 1000} s ahead of tocsin's clock." if ahead else None


def _date_off(text: str, now_millis: int) -> str | None:
    try:
        off = round(parsedate_to_datetime(text).timestamp() * 1000) - now_millis
    except (ValueError, OverflowError):
        return None
    if abs(off) <= MAX_OFF_MILLIS:
        return None
    return f"The Date of a request is {abs(off) // 1000} s {'ahead of' if off > 0 else 'behind'} tocsin's clock."
