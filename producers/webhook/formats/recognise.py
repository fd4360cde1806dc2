"""Which format a body has: the vendors' are recognised whatever the integration's, anything else is generic JSON."""

from __future__ import annotations

from producers.webhook.door import Door
from producers.webhook.formats import alertmanager, generic, grafana
from producers.webhook.formats.parsed import Parsed
from producers.webhook.reading import Document
from producers.webhook.refused import NotAnAlert

VENDORS = (grafana.parse, alertmanager.parse)


def parse(body: bytes, door: Door) -> Parsed:
    """Make events of a body.

    Raises `NotJson`, `TooLarge` or `NotAnAlert` (all the sender's), and nothing else, whatever the bytes.
    """
    document = Document(body)
    for parse_vendor in VENDORS:
        if parsed := parse_vendor(document, door):
            return parsed
    if door.format == "alertmanager":
        document.read()
        raise NotAnAlert('This integration takes Alertmanager\'s webhook: an object with "version": "4" and a list "alerts".')
    parsed = generic.parse(document, door)
    assert parsed is not None  # it takes any JSON, or raises
    return parsed
