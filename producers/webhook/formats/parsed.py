"""What a format makes of a body, and the loop over its elements that all formats share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import msgspec

from producers.webhook.door import Door
from producers.webhook.limits import MAX_ALERT_BYTES
from producers.webhook.memory import Key, Memory
from producers.webhook.reading import Bytes, read
from producers.webhook.refused import RejectedElement
from producers.webhook.text import JsonObject
from schemas.records import AlertEvent, Record, Refusal


class Parsed(Record, frozen=True):
    """The events and refusals of one request, each in the request's order.

    `truncated` alerts were left out by the sender itself, of the group `group_key`. `sender` is what the sender calls
    itself, where the format tells.
    """

    format: str
    events: list[AlertEvent]
    refusals: list[Refusal]
    truncated: int = 0
    group_key: str = ""
    sender: str = ""

    @property
    def total(self) -> int:
        return len(self.events) + len(self.refusals)

    def without(self, refused: Sequence[Refusal]) -> Parsed:
        """Give it with these elements refused instead of accepted."""
        if not refused:
            return self
        gone = {refusal.index for refusal in refused}
        events = [event for event in self.events if event.index not in gone]
        refusals = sorted([*self.refusals, *refused], key=lambda refusal: refusal.index)
        return msgspec.structs.replace(self, events=events, refusals=refusals)


ParseElement = Callable[[bytes, JsonObject], AlertEvent]
"""From an element's bytes and what they say to an event, of index 0; raises `RejectedElement`."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where elements come from: all that decides, besides its bytes, what is made of one."""

    door: Door
    format: str
    envelope: Hashable = None
    """What the envelope says of each of its elements."""

    @property
    def key(self) -> Hashable:
        return self.door.project, self.door.integration, self.format, self.envelope


def parse_elements(source: Source, elements: Sequence[Bytes], parse: ParseElement) -> Parsed:
    """Parse each element alone: what cannot be an alert is refused, the others go on."""
    events: list[AlertEvent] = []
    refusals: list[Refusal] = []
    key, memory = source.key, source.door.memory
    for index, element in enumerate(elements):
        try:
            event = _recall(memory, (key, bytes(element)), parse)
            events.append(msgspec.structs.replace(event, index=index))
        except RejectedElement as error:
            refusals.append(Refusal(index, str(error)))
    return Parsed(source.format, events, refusals)


def _recall(memory: Memory, key: Key, parse: ParseElement) -> AlertEvent:
    event = memory.find(key)
    if event is None:
        event = parse(key[1], read_object(key[1]))
        memory.keep(key, event)
    return event


def read_object(raw: bytes) -> JsonObject:
    """Read an element that may be an alert; raises `RejectedElement` when it is too large or no object."""
    if len(raw) > MAX_ALERT_BYTES:
        raise RejectedElement(f"an alert may have {MAX_ALERT_BYTES // 1024} KiB; this one has {len(raw)} bytes")
    value = read(raw)
    if not isinstance(value, dict):
        raise RejectedElement("not an object")
    return value
