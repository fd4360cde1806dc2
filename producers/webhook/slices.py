"""Elements of a JSON array; of a large array slice by slice, so that nobody holds all that becomes of it at once.

A large array is read through before anything is made of it: it is JSON from end to end, or refused whole. Not here: what
an element means (`formats/`), how a slice is worked off (`publish.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Raw

from producers.webhook.limits import check_count
from producers.webhook.reading import Bytes, not_json, repair, split_whole

LARGE_BYTES = 128 * 1024
"""Larger arrays are cut into slices: about 10 ms of work, which other requests and door ticks should not wait for."""
SLICE_BYTES = 64 * 1024
SLICE_ELEMENTS = 64
"""A slice is as much work as an ordinary request, 1 to 2 ms, so that others wait no longer for it than for one of those."""
_read_through = msgspec.json.Decoder(Raw).decode
_EMPTY = re.compile(rb"[ \t\r\n]*\[[ \t\r\n]*\]")
_AFTER = re.compile(r"trailing characters \(byte (\d+)\)\Z")


class LargeArray:
    """The slices of an array; raises `NotJson`, or `TooLarge` for more than `most` elements, when it is made.

    `count` elements in all, of `size` bytes.
    """

    def __init__(self, array: Bytes, most: int) -> None:
        self._view = memoryview(array)
        self.size = len(self._view)
        self._places: list[tuple[int, int]] = []
        self.count = 0
        if not _EMPTY.match(array):
            self._cut(memoryview(_readable(array)), most)

    def __iter__(self) -> Iterator[Sequence[Bytes]]:
        """Give the elements of each slice, as they came."""
        for start, stop in self._places:
            yield split_whole(b"".join((b"[", self._view[start:stop], b"]")))

    def _cut(self, text: memoryview, most: int) -> None:
        """Find where slices begin and end; `text` is readable JSON, with everything in the same places."""
        start = place = _first(text)
        since = self.count
        is_last = False
        while not is_last:
            place += _end_of_first(text[place:])
            is_last = text[place - 1] == ord("]")
            self.count += 1
            check_count(self.count, most)
            if is_last or place - start >= SLICE_BYTES or self.count - since >= SLICE_ELEMENTS:
                self._places.append((start, place - 1))
                start, since = place, self.count


def split(array: Bytes, most: int) -> Sequence[Bytes] | LargeArray:
    """Cut an array into the bytes of its elements, a large one slice by slice.

    Raises `NotJson`, or `TooLarge` for more than `most` elements.
    """
    if len(memoryview(array)) > LARGE_BYTES:
        return LargeArray(array, most)
    elements = split_whole(array)
    check_count(len(elements), most)
    return elements


def _readable(array: Bytes) -> Bytes:
    """Give JSON that msgspec reads, of the same length; raises `NotJson`."""
    try:
        _read_through(array)
    except msgspec.DecodeError as error:
        repaired = repair(bytes(array))
        try:
            _read_through(repaired)
        except msgspec.DecodeError:
            raise not_json(error) from error
        return repaired
    return array


def _first(text: memoryview) -> int:
    """Give the place after the bracket that opens an array."""
    place = 0
    while text[place] != ord("["):
        place += 1
    return place + 1


def _end_of_first(text: memoryview) -> int:
    """Give how far the first value reaches, with the comma or bracket after it.

    msgspec finds it in a microsecond, and says so in its error, counting from 1; a test holds it to that.
    """
    try:
        _read_through(text)
    except msgspec.DecodeError as error:
        found = _AFTER.search(str(error))
        if found is None:
            raise
        return int(found[1])
    raise AssertionError("an array goes on after each of its elements")
