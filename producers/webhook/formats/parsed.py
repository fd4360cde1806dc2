"""What a format makes of a body, and the loop over its elements that all formats share.

Not here: how a body is cut into elements (`slices.py`), how what was made of it becomes durable (`publish.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from producers.webhook.door import Door
from producers.webhook.limits import check_alert
from producers.webhook.memory import GENERATION_BYTES, Key, Memory
from producers.webhook.reading import Bytes, read
from producers.webhook.refused import RejectedElement
from producers.webhook.slices import SLICE_BYTES, SLICE_ELEMENTS, Elements
from producers.webhook.text import JsonObject
from schemas.limits import Limits
from schemas.records import AlertEvent, Record, Refusal

MAX_REMEMBERED_BYTES = GENERATION_BYTES // 4


@dataclass(frozen=True, slots=True)
class Slice:
    """The events and refusals of some elements of one request, each in the request's order."""

    events: list[AlertEvent]
    refusals: list[Refusal]


@dataclass(frozen=True, slots=True)
class Taken:
    """What was accepted of a request, and what was not: of very many refusals the first, and how many more there are."""

    accepted: int
    refusals: list[Refusal]
    more: int = 0
    ignored: int = 0
    """Of all refusals."""

    @property
    def refused(self) -> int:
        return len(self.refusals) + self.more

    @property
    def total(self) -> int:
        return self.accepted + self.refused


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
    """The slices of an array. What a huge one held is not remembered: it would push out what all others send again."""

    source: Source
    elements: Elements
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


def parse_elements(source: Source, elements: Elements, parse: ParseElement) -> Parsed:
    """Parse each element alone: what cannot be an alert is refused, the others go on. More than a slice is parsed later."""
    later = LaterElements(source, elements, parse)
    if elements.count > SLICE_ELEMENTS or (elements.count > 1 and elements.size > SLICE_BYTES):
        return Parsed(source.format, [], [], later=later)
    made = next(iter(later), Slice([], []))
    return Parsed(source.format, made.events, made.refusals)


def _parse_slice(source: Source, memory: Memory, elements: Sequence[Bytes], parse: ParseElement, first: int = 0) -> Slice:
    events: list[AlertEvent] = []
    refusals: list[Refusal] = []
    key = source.key
    for index, element in enumerate(elements, first):
        try:
            event = _recall(source.door.limits, memory, (key, bytes(element)), parse)
            events.append(msgspec.structs.replace(event, index=index))
        except RejectedElement as error:
            refusals.append(Refusal(index, str(error)))
    return Slice(events, refusals)


def _recall(limits: Limits, memory: Memory, key: Key, parse: ParseElement) -> AlertEvent:
    event = memory.find(key)
    if event is None:
        event = parse(key[1], read_object(key[1], limits))
        memory.keep(key, event)
    return event


def read_object(raw: bytes, limits: Limits) -> JsonObject:
    """Read an element that may be an alert; raises `RejectedElement` when it is too large or no object."""
    check_alert(raw, limits)
    value = read(raw)
    if not isinstance(value, dict):
        raise RejectedElement("not an object")
    return value
