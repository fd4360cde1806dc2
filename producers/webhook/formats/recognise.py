"""Which format a body has: the vendors' are recognised whatever the integration's, anything else is generic JSON.

Formats are found by their entry points (group `tocsin.formats`), so that another package adds one. An entry is a
function `parse(document: Document, door: Door) -> Parsed | None`, None for a body that is not of its format; no two
may take the same body.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import cache
from importlib.metadata import entry_points

from producers.webhook.document import Document, document_steps, finish
from producers.webhook.door import Door
from producers.webhook.formats import generic
from producers.webhook.formats.parsed import Parsed
from producers.webhook.refused import NotAnAlert

ENTRY_POINTS = "tocsin.formats"
TAKES_ANYTHING = "generic"
ParseVendor = Callable[[Document, Door], Parsed | None]


@cache
def vendors() -> tuple[ParseVendor, ...]:
    """Load all formats but the one that takes anything, in the order of their names."""
    found = sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)
    return tuple(entry.load() for entry in found if entry.name != TAKES_ANYTHING)


def parse(body: bytes, door: Door) -> Parsed:
    """Do all of `parse_steps` at once."""
    return finish(parse_steps(body, door))


def parse_steps(body: bytes, door: Door) -> Generator[None, None, Parsed]:
    """Make events of a body.

    Raises `NotJson`, `TooLarge` or `NotAnAlert` (all the sender's), and nothing else, whatever the bytes.
    """
    document = yield from document_steps(body, door.limits, door.limits.max_alerts)
    for parse_vendor in vendors():
        if parsed := parse_vendor(document, door):
            return parsed
    if door.format == "alertmanager":
        document.check()
        raise NotAnAlert('This integration takes Alertmanager\'s webhook: an object with "version": "4" and a list "alerts".')
    parsed = generic.parse(document, door)
    assert parsed is not None  # it takes any JSON, or raises
    return parsed
