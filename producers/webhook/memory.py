"""Events by the bytes that they were made of: most of what comes in is a repeat, and a repeat needs no parsing.

Exact, since an event is a function of an element's bytes, its place in the request and its integration alone (a door
fills in no times), and each configuration begins with an empty memory. Not here: what is made of an element (`formats/`).
"""

from __future__ import annotations

from collections.abc import Hashable

from schemas.records import AlertEvent

MAX_ELEMENT_BYTES = 8 * 1024
"""Larger elements are rare, and would push out many that are not."""
GENERATION_BYTES = 16 * 1024 * 1024
"""About 10,000 conditions; two generations are kept."""
ENTRY_BYTES = 500
"""What an entry takes beside the element, its copy in the event and its content."""

Key = tuple[Hashable, bytes]


class Memory:
    """What was used lately: when the young generation is full, it becomes the old one, and the old one is forgotten.

    Large bodies are parsed in threads, so that two may use it at once: the worst is an element that is parsed twice, or
    a generation that is a little larger.
    """

    def __init__(self, generation_bytes: int = GENERATION_BYTES) -> None:
        self._generation_bytes = generation_bytes
        self._young: dict[Key, AlertEvent] = {}
        self._old: dict[Key, AlertEvent] = {}
        self._bytes = 0

    def find(self, key: Key) -> AlertEvent | None:
        """Give what was kept for a source (what decides besides the bytes) and an element."""
        event = self._young.get(key)
        if event is None:
            event = self._old.get(key)
            if event is not None:
                self.keep(key, event)
        return event

    def keep(self, key: Key, event: AlertEvent) -> None:
        """Remember an event, unless its element is large."""
        if len(key[1]) > MAX_ELEMENT_BYTES:
            return
        self._young[key] = event
        self._bytes += ENTRY_BYTES + len(key[1]) + len(event.payload) + len(event.content)
        if self._bytes > self._generation_bytes:
            self._young, self._old, self._bytes = {}, self._young, 0
