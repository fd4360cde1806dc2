"""Where the values of a large JSON text begin and end, found one by one, so that no step takes long however long the text is.

msgspec finds an end in a microsecond, and says so in its error. It holds Python's lock meanwhile, so that it is never given
more than one value may have. Not here: what the values are (`document.py`), slices of an array (`slices.py`).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

import msgspec
from msgspec import Raw

from producers.webhook.limits import size_text
from producers.webhook.reading import repair
from producers.webhook.refused import NotJson, TooLarge
from schemas.over_limit import count_over

FIRST_WINDOW_BYTES, WINDOW_GROWTH = 2 * 1024, 16
BLANK = b" \t\r\n"
BLANK_WINDOW_BYTES = 64 * 1024
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_read_through = msgspec.json.Decoder(Raw).decode
_PLACE = re.compile(r"(.*) \(byte (\d+)\)\Z", re.DOTALL)
_AFTER = re.compile(r"trailing characters \(byte (\d+)\)\Z")
_IS_CUT = "truncated"


def end_of_value(text: bytes, place: int, most: int, marks: bytes) -> int:
    """Give the place after the mark (a comma, say) that follows the value at a place.

    Raises `NotJson`, also where another mark follows, and `TooLarge` for a value of more than `most` bytes.
    """
    size = min(FIRST_WINDOW_BYTES, most)
    while True:
        window = text[place : place + size]
        end, wrong = _end_within(window)
        if not end and _SURROGATE.search(window):
            end, wrong = _end_within(repair(window))
        if end:
            return _checked(text, place + end, marks)
        if place + size >= len(text) or (size == most and wrong and _IS_CUT not in wrong):
            raise _not_json(wrong, place)
        if size == most:
            raise _too_long(most)
        size = min(size * WINDOW_GROWTH, most)


def _too_long(most: int) -> TooLarge:
    count_over("max_value_bytes")
    return TooLarge(f"One alert, or one other member of a large body, may have {size_text(most)}. Shorten it.")


def blank_steps(text: bytes, place: int) -> Iterator[None]:
    """Raise `NotJson` where anything but blanks comes from a place on."""
    for start in range(place, len(text), BLANK_WINDOW_BYTES):
        if text[start : start + BLANK_WINDOW_BYTES].strip(BLANK):
            raise _not_json("trailing characters", start)
        yield


def skip_steps(text: bytes, place: int) -> Generator[None, None, int]:
    """Give the place of the next thing that is no blank, or the text's end."""
    while True:
        window = text[place : place + BLANK_WINDOW_BYTES]
        left = len(window.lstrip(BLANK))
        place += len(window) - left
        if left or not window:
            return place
        yield


def _end_within(window: bytes) -> tuple[int, str]:
    """Give how far the first value reaches, with the mark after it, counted from 1; else 0, and what is wrong."""
    try:
        _read_through(window)
    except msgspec.DecodeError as error:
        found = _AFTER.search(str(error))
        return (int(found[1]), "") if found else (0, str(error))
    return 0, f"Input data was {_IS_CUT}"


def _checked(text: bytes, end: int, marks: bytes) -> int:
    if text[end - 1] not in marks:
        raise _not_json("expected one of " + " ".join(repr(chr(mark)) for mark in marks), end - 1)
    return end


def _not_json(wrong: str, place: int) -> NotJson:
    found = _PLACE.fullmatch(wrong)
    said, at = (found[1], place + int(found[2])) if found else (wrong, place)
    return NotJson(f"The body cannot be read as JSON: {said} (byte {at}).")
