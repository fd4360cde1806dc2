"""What a format makes of a body, and the loop over its elements that all formats share.

Not here: how a body is cut into elements (`slices.py`), how what was made of it becomes durable (`publish.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from producers.webhook.door import Door
from producers.webhook.limits import MAX_ALERT_BYTES
from producers.webhook.memory import GENERATION_BYTES, Key, Memory
from producers.webhook.reading import Bytes, read
from producers.webhook.refused import RejectedElement
from producers.webhook.slices import LargeArray
from producers.webhook.text import JsonObject
from schemas.records import AlertEvent, Record, Refusal

MAX_REMEMBERED_BYTES = GENERATION_BYTES // 4


@dataclass(frozen=True, slots=True)
class Slice:
    """The events and refusals of some elements of one request, each in the request's order."""

    events: list[AlertEvent]
    refusals: list[Refusal]


@dataclass(frozen=True, slots=True)
class Taken:
    """What was accepted of a request, and what was not."""

    accepted: int
    refusals: list[Refusal]

    @property
    def total(self) -> int:
        return self.accepted + len(self.refusals)


class Later(Protocol):
    """What is in a large body: read through, and made events of only when a slice is asked for."""

    @property
    def count(self) -> int: ...
    def __iter__(self) -> Iterator[Slice]: ...


class Parsed(Record, frozen=True):
    """The events and refusals of one request, each in the request's order; of a large body none yet, they come `later`.

    `truncated` alerts were left out by the sender itself, of the group `group_key`. `sender` is what the sender calls
    itself, where the format tells.
    """

    format: str
    events: list[AlertEvent]
    refusals: list[Refusal]
    truncated: int = 0
    group_key: str = ""
    sender: str = ""
    later: Later | None = None

    @property
    def total(self) -> int:
        return len(self.events) + len(self.refusals) if self.later is None else self.later.count

    def slices(self) -> Iterable[Slice]:
        """Give all that is in it: at once, or of a large body slice by slice."""
        return (Slice(self.events, self.refusals),) if self.later is None else self.later

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


@dataclass(frozen=True, slots=True)
class LaterElements:
    """The slices of a large array. What a huge one held is not remembered: it would push out what all others send again."""

    source: Source
    elements: LargeArray
    parse: ParseElement

    @property
    def count(self) -> int:
        return self.elements.count

    def __iter__(self) -> Iterator[Slice]:
        memory = self.source.door.memory if self.elements.size <= MAX_REMEMBERED_BYTES else Memory(0)
        first = 0
        for elements in self.elements:
            yield _parse_slice(self.source, memory, elements, self.parse, first)
            first += len(elements)


def parse_elements(source: Source, elements: Sequence[Bytes] | LargeArray, parse: ParseElement) -> Parsed:
    """Parse each element alone: what cannot be an alert is refused, the others go on."""
    if isinstance(elements, LargeArray):
        return Parsed(source.format, [], [], later=LaterElements(source, elements, parse))
    made = _parse_slice(source, source.door.memory, elements, parse)
    return Parsed(source.format, made.events, made.refusals)


def _parse_slice(source: Source, memory: Memory, elements: Sequence[Bytes], parse: ParseElement, first: int = 0) -> Slice:
    events: list[AlertEvent] = []
    refusals: list[Refusal] = []
    key = source.key
    for index, element in enumerate(elements, first):
        try:
            event = _recall(memory, (key, bytes(element)), parse)
            events.append(msgspec.structs.replace(event, index=index))
        except RejectedElement as error:
            refusals.append(Refusal(index, str(error)))
    return Slice(events, refusals)


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
