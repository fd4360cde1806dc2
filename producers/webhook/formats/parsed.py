"""What a format makes of a body, and the loop over its elements that all formats share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from producers.webhook.limits import MAX_ALERT_BYTES
from producers.webhook.reading import Bytes, read
from producers.webhook.refused import RejectedElement
from producers.webhook.text import JsonObject
from schemas.records import AlertEvent, Record, Refusal


class Parsed(Record, frozen=True):
    """The events and refusals of one request, each in the request's order.

    `truncated` alerts were left out by the sender itself, of the group `group_key`.
    """

    format: str
    events: list[AlertEvent]
    refusals: list[Refusal]
    truncated: int = 0
    group_key: str = ""

    @property
    def total(self) -> int:
        return len(self.events) + len(self.refusals)


ParseElement = Callable[[int, bytes, JsonObject], AlertEvent]
"""From an element's index, its bytes and what they say to an event; raises `RejectedElement`."""


def parse_elements(format: str, elements: Sequence[Bytes], parse: ParseElement) -> Parsed:
    """Parse each element alone: what cannot be an alert is refused, the others go on."""
    events: list[AlertEvent] = []
    refusals: list[Refusal] = []
    for index, element in enumerate(elements):
        try:
            raw = bytes(element)
            events.append(parse(index, raw, read_object(raw)))
        except RejectedElement as error:
            refusals.append(Refusal(index, str(error)))
    return Parsed(format, events, refusals)


def read_object(raw: bytes) -> JsonObject:
    """Read an element that may be an alert; raises `RejectedElement` when it is too large or no object."""
    if len(raw) > MAX_ALERT_BYTES:
        raise RejectedElement(f"an alert may have {MAX_ALERT_BYTES // 1024} KiB; this one has {len(raw)} bytes")
    value = read(raw)
    if not isinstance(value, dict):
        raise RejectedElement("not an object")
    return value
