"""Elements of a JSON array, slice by slice, so that nobody holds all that becomes of them at once, and nobody waits for them.

A large array is read through before anything is made of it: it is JSON from end to end, or refused whole. Not here: where a
value ends (`places.py`), what an element means (`formats/`), how a slice is worked off (`publish.py`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from producers.webhook.limits import check_count
from producers.webhook.places import BLANK, end_of_value, skip_steps
from producers.webhook.reading import Bytes, split_whole
from schemas.limits import Limits

LARGE_BYTES = 32 * 1024
"""Larger texts are read through value by value: others should not wait until msgspec has been over them in one go."""
SLICE_BYTES = 32 * 1024
SLICE_ELEMENTS = 32
"""A slice is as much work as an ordinary request, about 1 ms, so that others wait no longer for it than for one of those."""
STEP_ELEMENTS = 100
"""Whose ends are looked for in one go."""


class Slices:
    """The elements of an array in slices, made anew each time; `count` elements in all, of `size` bytes."""

    def __init__(self, text: bytes, places: Sequence[tuple[int, int, int]], size: int) -> None:
        self._text = text
        self._places = places
        self.count = sum(count for _, _, count in places)
        self.size = size

    def __iter__(self) -> Iterator[Sequence[Bytes]]:
        """Give the elements of each slice, as they came."""
        for start, stop, count in self._places:
            if count == 1:
                yield [self._text[start:stop].strip(BLANK)]
            else:
                yield split_whole(b"[" + self._text[start:stop] + b"]")


class Few:
    """The elements of a small array in slices."""

    def __init__(self, elements: Sequence[Bytes], size: int) -> None:
        self._elements = elements
        self.count = len(elements)
        self.size = size

    def __iter__(self) -> Iterator[Sequence[Bytes]]:
        for start in range(0, self.count, SLICE_ELEMENTS):
            yield self._elements[start : start + SLICE_ELEMENTS]


Elements = Slices | Few


def split(array: Bytes, most: int, limits: Limits) -> Few:
    """Cut a small array; raises `NotJson`, or `TooLarge` for more than `most` elements."""
    elements = split_whole(array)
    check_count(len(elements), most, limits)
    return Few(elements, len(memoryview(array)))


def slice_steps(text: bytes, place: int, most: int, limits: Limits) -> Generator[None, None, tuple[Slices, int]]:
    """Read through the array whose bracket is at a place, and find its slices; give them, and the place after it.

    Raises `NotJson`, or `TooLarge` for more than `most` elements, or for one that is longer than any may be.
    """
    places: list[tuple[int, int, int]] = []
    count, since = 0, 0
    start = at = rested = place + 1
    first = yield from skip_steps(text, at)
    if text[first : first + 1] == b"]":
        return Slices(text, [], first + 1 - place), first + 1
    is_last = False
    while not is_last:
        end = end_of_value(text, at, limits.max_value_bytes, b",]")
        is_last = text[end - 1] == ord("]")
        if end - at > limits.max_alert_bytes and count > since:  # it will be rejected: nobody reads it together with others
            places.append((start, at - 1, count - since))
            start, since = at, count
        count += 1
        at = end
        check_count(count, most, limits)
        if is_last or at - start >= SLICE_BYTES or count - since >= SLICE_ELEMENTS:
            places.append((start, at - 1, count - since))
            start, since = at, count
        if count % STEP_ELEMENTS == 0 or end - rested >= SLICE_BYTES:
            rested = end
            yield
    return Slices(text, places, at - place), at
