"""JSON as it came: bytes kept, digits kept, nothing that a hostile sender writes breaks it.

msgspec reads; what it cannot represent as it was sent (-0, integers of thousands of digits) Python's own parser reads;
lone surrogates, which no UTF-8 can hold, are read as U+FFFD. Not here: what the values mean (`formats/`).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from typing import NoReturn, TypeAlias

import msgspec
from msgspec import Raw

from producers.webhook.refused import NotJson
from producers.webhook.text import Json

Bytes: TypeAlias = "bytes | Raw"
BOM = b"\xef\xbb\xbf"
WINDOW_BYTES = 256 * 1024
"""Text whose UTF-8 is looked at in one go, under a millisecond."""
_MINUS_ZERO = re.compile(rb"-0[\s,\]}]|-0\Z")
_LONE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_decode = msgspec.json.Decoder(float_hook=Raw).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode


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
    """Do all of `utf8_steps` at once."""
    for _ in utf8_steps(body):
        pass


def utf8_steps(body: bytes) -> Iterator[None]:
    """Raise `NotJson` for what is no UTF-8, window by window: a text takes up to four times its bytes."""
    start = 0
    while start < len(body):
        try:
            _, used = codecs.utf_8_decode(body[start : start + WINDOW_BYTES], "strict", start + WINDOW_BYTES >= len(body))
        except UnicodeDecodeError as error:
            place = start + error.start
            raise NotJson(f"The body is no UTF-8 text: byte {place} is wrong. Send JSON in UTF-8.") from error
        start += used
        yield


def repair(text: bytes) -> bytes:
    r"""Write lone surrogates as \ufffd; the length stays, so that places in both texts are the same.

    Backslashes that are escaped themselves are put out of the way meanwhile, as NULs, which no JSON has. All of it runs in
    C, since a sender may write nothing but such escapes.
    """
    if b"\0" in text:
        return text
    return _LONE.sub(rb"\\ufffd", text.replace(rb"\\", b"\0\0")).replace(b"\0\0", rb"\\")


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
