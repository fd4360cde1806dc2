"""JSON as it came: bytes kept, digits kept, nothing that a hostile sender writes breaks it.

msgspec reads; what it cannot represent as it was sent (-0, integers of thousands of digits) Python's own parser reads;
lone surrogates, which no UTF-8 can hold, are read as U+FFFD. Not here: what the values mean (`formats/`).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Sequence
from functools import cached_property
from typing import NoReturn, TypeAlias

import msgspec
from msgspec import Raw

from producers.webhook.limits import check_depth
from producers.webhook.refused import NotJson
from producers.webhook.text import Json

Bytes: TypeAlias = "bytes | Raw"
BOM = b"\xef\xbb\xbf"
WINDOW_BYTES = 1024 * 1024
_MINUS_ZERO = re.compile(rb"-0[\s,\]}]|-0\Z")
_ESCAPES = re.compile(rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\[^u])|\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_NOTHING = Raw()
_decode = msgspec.json.Decoder(float_hook=Raw).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode


class Envelope(msgspec.Struct, frozen=True):
    """What Alertmanager and Grafana put around their alerts, each member as raw JSON; empty when missing."""

    alerts: Raw = _NOTHING
    version: Raw = _NOTHING
    org_id: Raw = msgspec.field(default=_NOTHING, name="orgId")
    group_key: Raw = msgspec.field(default=_NOTHING, name="groupKey")
    truncated_alerts: Raw = msgspec.field(default=_NOTHING, name="truncatedAlerts")
    external_url: Raw = msgspec.field(default=_NOTHING, name="externalURL")


_decode_envelope = msgspec.json.Decoder(Envelope).decode
NO_ENVELOPE = Envelope()


class Document:
    """A body that is UTF-8 text, and no deeper than may be; whether it is JSON shows when it is read.

    Raises `NotJson` or `TooLarge` (the sender's).
    """

    def __init__(self, body: bytes) -> None:
        self.body = body.removeprefix(BOM)
        check_utf8(self.body)
        check_depth(self.body)
        self.opening = self.body.lstrip(b" \t\r\n")[:1]

    @cached_property
    def envelope(self) -> Envelope:
        """Give the members that recognise Alertmanager's body; all empty for any other."""
        if self.opening != b"{" or not (b'"alerts"' in self.body or b"\\u" in self.body):
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

    def read(self) -> Json:
        return read(self.body)


def read(raw: Bytes) -> Json:
    """Read one JSON value; raises `NotJson`."""
    if _MINUS_ZERO.search(raw):
        return _read_with_all_digits(raw)
    try:
        return _decode(raw)  # type: ignore[no-any-return]
    except msgspec.DecodeError:
        return _read_with_all_digits(raw)


def split_whole(array: Bytes) -> Sequence[Bytes]:
    """Cut a JSON array into the bytes of its elements, as they came; raises `NotJson`."""
    try:
        return _decode_list(array)
    except msgspec.DecodeError as error:
        return _split_repaired(bytes(array), error)


def check_utf8(body: bytes) -> None:
    """Raise `NotJson` for what is no UTF-8; window by window: a text takes up to four times its bytes."""
    start = 0
    while start < len(body):
        try:
            _, used = codecs.utf_8_decode(body[start : start + WINDOW_BYTES], "strict", start + WINDOW_BYTES >= len(body))
        except UnicodeDecodeError as error:
            place = start + error.start
            raise NotJson(f"The body is no UTF-8 text: byte {place} is wrong. Send JSON in UTF-8.") from error
        start += used


def repair(text: bytes) -> bytes:
    r"""Write lone surrogates as \ufffd; the length stays, so that places in both texts are the same."""
    return _ESCAPES.sub(lambda found: found[1] or rb"\ufffd", text)


def not_json(error: Exception) -> NotJson:
    return NotJson(f"The body cannot be read as JSON: {error}.")


def _split_repaired(array: bytes, error: msgspec.DecodeError) -> list[Bytes]:
    repaired = repair(array)
    try:
        elements = _decode_list(repaired)
    except msgspec.DecodeError:
        raise not_json(error) from error
    originals: list[Bytes] = []
    end = 0
    for element in map(bytes, elements):
        start = repaired.index(element, end)  # between elements stand commas and blanks alone
        end = start + len(element)
        originals.append(array[start:end])
    return originals


def _read_with_all_digits(raw: Bytes) -> Json:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no JSON number")

    try:
        text = repair(bytes(raw)).decode()
        return json.loads(text, parse_int=Raw, parse_float=Raw, parse_constant=refuse)  # type: ignore[no-any-return]
    except ValueError as error:
        raise not_json(error) from error
