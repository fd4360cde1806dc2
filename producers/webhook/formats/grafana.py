"""Grafana's variant of Alertmanager's webhook: recognised by `alerts` being a list and `orgId`."""

from __future__ import annotations

from producers.webhook.document import Document
from producers.webhook.door import Door
from producers.webhook.formats.alertmanager import is_grafana, parse_envelope
from producers.webhook.formats.parsed import Parsed

FORMAT = "grafana"
TOOL = "Grafana"


def parse(document: Document, door: Door) -> Parsed | None:
    """Make events of Grafana's body; None when it is another."""
    if not document.has_list or not is_grafana(document.envelope):
        return None
    return parse_envelope(FORMAT, TOOL, document, door)
