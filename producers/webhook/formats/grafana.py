"""Grafana's variant of Alertmanager's webhook: recognised by `alerts` being a list and `orgId`."""

from __future__ import annotations

from producers.webhook.door import Door
from producers.webhook.formats.alertmanager import is_grafana, is_list, parse_envelope
from producers.webhook.formats.parsed import Parsed
from producers.webhook.reading import Document

FORMAT = "grafana"
TOOL = "Grafana"


def parse(document: Document, door: Door) -> Parsed | None:
    """Make events of Grafana's body; None when it is another."""
    envelope = document.envelope
    if not is_list(envelope.alerts) or not is_grafana(envelope):
        return None
    return parse_envelope(FORMAT, TOOL, envelope, door)
