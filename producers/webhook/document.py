"""A body as a whole: UTF-8 text, no deeper than may be, and the members by which Alertmanager's shape is known.

A large one is read through in steps, none longer than some milliseconds: who drives them gives others their turn
(`turns.py`). Not here: single values (`reading.py`), slices of an array (`slices.py`), what a body means (`formats/`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cached_property
from typing import TypeVar

import msgspec
from msgspec import Raw

from producers.webhook.limits import depth_steps
from producers.webhook.places import BLANK, blank_steps, end_of_value, skip_steps
from producers.webhook.reading import BOM, not_json, read, repair, utf8_steps
from producers.webhook.refused import NotJson
from producers.webhook.slices import LARGE_BYTES, Elements, Slices, slice_steps, split
from producers.webhook.text import Json
from schemas.limits import Limits

T = TypeVar("T")
_NOTHING = Raw()
MAX_KEY_BYTES = 64
"""Longer than the names that are looked for, however they are written."""


class Envelope(msgspec.Struct, frozen=True):
    """What Alertmanager and Grafana put around their alerts, each member as raw JSON; empty when missing.

    `alerts` of a large body are cut into `slices` instead.
    """

    alerts: Raw = _NOTHING
    version: Raw = _NOTHING
    org_id: Raw = msgspec.field(default=_NOTHING, name="orgId")
    group_key: Raw = msgspec.field(default=_NOTHING, name="groupKey")
    truncated_alerts: Raw = msgspec.field(default=_NOTHING, name="truncatedAlerts")
    external_url: Raw = msgspec.field(default=_NOTHING, name="externalURL")


_FIELDS = {field.encode_name: field.name for field in msgspec.structs.fields(Envelope)}
_decode_envelope = msgspec.json.Decoder(Envelope).decode
NO_ENVELOPE = Envelope()


class Document:
    """A body that was looked at; made by `document_steps`, or at once by `open_document`.

    Whether a small one is JSON shows when it is read; a large one was read through.
    """

    def __init__(self, body: bytes, limits: Limits) -> None:
        self.body = body
        self.limits = limits
        self.opening = b""
        self._slices: Slices | None = None
        self._members: dict[str, Raw] | None = None

    def elements(self, most: int) -> Elements:
        """Cut a body that is an array; raises `NotJson`, or `TooLarge` for more than `most` elements."""
        return split(self.body, most, self.limits) if self._slices is None else self._slices

    @property
    def has_list(self) -> bool:
        """Whether there is a member `alerts` that is a list."""
        envelope = self.envelope
        return (self._members is not None and self._slices is not None) or bytes(envelope.alerts)[:1] == b"["

    def alerts(self) -> Elements:
        """Cut the member `alerts`, which is a list, as `elements` does."""
        if self._slices is not None:
            return self._slices
        return split(self.envelope.alerts, self.limits.max_alertmanager_alerts, self.limits)

    @cached_property
    def envelope(self) -> Envelope:
        """Give the members that recognise Alertmanager's body; all empty for any other."""
        if self._members is not None:
            return Envelope(**self._members)
        if self.opening != b"{" or len(self.body) > LARGE_BYTES or not (b'"alerts"' in self.body or b"\\u" in self.body):
            return NO_ENVELOPE
        try:
            return _decode_envelope(self.body)
        except msgspec.DecodeError as error:
            return self._repaired_envelope(error)

    def _repaired_envelope(self, error: msgspec.DecodeError) -> Envelope:
        repaired = repair(self.body)
        try:
            envelope = _decode_envelope(repaired)
        except msgspec.DecodeError:
            raise not_json(error) from error
        start = repaired.find(bytes(envelope.alerts))
        alerts = self.body[start : start + len(bytes(envelope.alerts))]
        return msgspec.structs.replace(envelope, alerts=Raw(alerts))

    def check(self) -> None:
        """Raise `NotJson` for a body that is none."""
        if len(self.body) <= LARGE_BYTES:
            read(self.body)

    def read(self) -> Json:
        return read(self.body)

    def steps(self, most: int) -> Iterator[None]:
        """Look at all of it; an array may have `most` elements."""
        yield from utf8_steps(self.body)
        yield from depth_steps(self.body, self.limits.max_levels)
        place = yield from skip_steps(self.body, 0)
        self.opening = self.body[place : place + 1]
        if len(self.body) > LARGE_BYTES:
            yield from self._read_through(place, most)

    def _read_through(self, place: int, most: int) -> Iterator[None]:
        if self.opening == b"[":
            self._slices, place = yield from slice_steps(self.body, place, most, self.limits)
        elif self.opening == b"{":
            place = yield from self._member_steps(place)
        else:
            if len(self.body) > self.limits.max_value_bytes:
                end_of_value(self.body, place, self.limits.max_value_bytes, b"")
            self.read()
        yield from blank_steps(self.body, place)

    def _member_steps(self, place: int) -> Generator[None, None, int]:
        """Read through the object whose bracket is at a place; give the place after it."""
        longest, body = self.limits.max_value_bytes, self.body
        self._members = {}
        at = yield from skip_steps(body, place + 1)
        if body[at : at + 1] == b"}":
            return at + 1
        while True:
            start = yield from skip_steps(body, at)
            at, name = self._name_at(start)
            start = yield from skip_steps(body, at)
            if name == "alerts" and body[start : start + 1] == b"[":
                self._slices, at = yield from slice_steps(body, start, self.limits.max_alertmanager_alerts, self.limits)
                at = self._after_mark((yield from skip_steps(body, at)))
            else:
                at = end_of_value(body, start, longest, b",}")
                self._keep(name, body[start : at - 1])
            yield
            if body[at - 1] == ord("}"):
                return at

    def _name_at(self, start: int) -> tuple[int, str]:
        """Give the place after the colon that follows a name, and the field of `Envelope` that it names, if it does."""
        if self.body[start : start + 1] != b'"':
            raise NotJson(f"The body cannot be read as JSON: a member's name is missing (byte {start}).")
        end = end_of_value(self.body, start, self.limits.max_value_bytes, b":")
        name = read(self.body[start : end - 1]) if end - start <= MAX_KEY_BYTES else None
        return end, _FIELDS.get(name, "") if isinstance(name, str) else ""

    def _after_mark(self, at: int) -> int:
        if self.body[at : at + 1] not in (b",", b"}"):
            raise NotJson(f"The body cannot be read as JSON: expected ',' or '}}' (byte {at}).")
        return at + 1

    def _keep(self, name: str, value: bytes) -> None:
        if not name:
            return
        assert self._members is not None
        self._members[name] = Raw(value.strip(BLANK))
        if name == "alerts":  # of two with one name the last counts
            self._slices = None


def document_steps(body: bytes, limits: Limits, most: int) -> Generator[None, None, Document]:
    """Look at a body step by step; raises `NotJson` or `TooLarge` (the sender's)."""
    document = Document(body.removeprefix(BOM), limits)
    yield from document.steps(most)
    return document


def finish(steps: Generator[None, None, T]) -> T:
    """Do all steps at once; give what they end with."""
    while True:
        try:
            next(steps)
        except StopIteration as stopped:
            return stopped.value  # type: ignore[no-any-return]
