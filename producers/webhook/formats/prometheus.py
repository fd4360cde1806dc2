"""Alertmanager's API v2, `POST /api/v2/alerts`: what Prometheus itself sends to an Alertmanager (BEHAVIOUR 2).

Chosen by its path, not recognised by the body: an array is generic JSON elsewhere. The shape is `postableAlerts` of
https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. An alert of this API never says that it is
over: its end does, and the core, which knows the time, judges it. Not here: the answer, which is 400 for any refusal.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from functools import partial

import msgspec

from producers.webhook import grafana_state
from producers.webhook.document import document_steps, finish
from producers.webhook.door import Door
from producers.webhook.formats import alertmanager
from producers.webhook.formats.parsed import Parsed, Source, parse_elements
from producers.webhook.refused import NotAnArray
from producers.webhook.text import JsonObject
from producers.webhook.times import time_of
from schemas.records import AlertEvent

FORMAT = "prometheus"
_GENERATOR = re.compile(rb'"generatorURL"\s*:\s*"([a-zA-Z]{1,10}:(?:\\?/){2}[^/"\\]{1,255})')
SEARCHED_BYTES = 1024 * 1024
"""Several of the longest alerts: one names the sender as well as all do."""
RESOLVE_AFTER_MILLIS = 5 * 60_000
"""Alertmanager's own `resolve_timeout`: an alert without an end is over so long after it was last sent."""


def parse(body: bytes, door: Door) -> Parsed:
    """Do all of `parse_steps` at once."""
    return finish(parse_steps(body, door))


def parse_steps(body: bytes, door: Door) -> Generator[None, None, Parsed]:
    """Make events of an array; raises `NotJson` or `TooLarge`, or `NotAnArray` for other JSON."""
    most = door.limits.max_alertmanager_alerts
    document = yield from document_steps(body, door.limits, most)
    if document.opening != b"[":
        document.check()
        raise NotAnArray("This door takes an array of alerts, as Prometheus sends to /api/v2/alerts.")
    parsed = parse_elements(Source(door, FORMAT), document.elements(most), partial(parse_alert, door))
    return msgspec.structs.replace(parsed, sender=_sender(document.body))


def _sender(body: bytes) -> str:
    """Give the address under which a Prometheus links to itself, the same in all of a request; each of a pair has its own."""
    found = _GENERATOR.search(body, 0, SEARCHED_BYTES)
    return "" if found is None else found[1].decode(errors="replace")


def parse_alert(door: Door, raw: bytes, alert: JsonObject) -> AlertEvent:
    """Make an event of one element; raises `RejectedElement` when it has no labels."""
    event = alertmanager.parse_alert(door, alertmanager.TOOL, [], raw, alert)
    ends_at = time_of(alert.get("endsAt"), "endsAt")
    return msgspec.structs.replace(
        event,
        is_firing=True,
        end_reason=grafana_state.end_reason_of(alert.get("annotations")),
        ended_at=None,
        expires_at=ends_at,
        expires_after_millis=RESOLVE_AFTER_MILLIS if ends_at is None else None,
    )
