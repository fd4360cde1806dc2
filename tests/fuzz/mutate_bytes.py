"""Breaks bytes: of a body, of a text in a query, of a path. What comes out is at most a little longer than what went in.

Not here: JSON as JSON (`mutate_json.py`), requests as HTTP (`mutate_http.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

INSERTED_BYTES = 64
REPEATED_BYTES = 4096
BAD_UTF8 = (b"\xff", b"\xc0\x80", b"\x80", b"\xe2\x82", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80")
"""Never valid: no start of a character, an overlong NUL, a lone continuation, a cut character, a surrogate, five bytes."""
Mutator = Callable[[Random, bytes], bytes]


def flip(random: Random, data: bytes) -> bytes:
    """Flip one bit."""
    at = _place(random, data)
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :] if at < len(data) else b"\x01"


def cut(random: Random, data: bytes) -> bytes:
    """Take a piece out."""
    start, end = _span(random, data)
    return data[:start] + data[end:]


def end_early(random: Random, data: bytes) -> bytes:
    return data[: _place(random, data)]


def insert(random: Random, data: bytes) -> bytes:
    at = _place(random, data)
    return data[:at] + random.randbytes(random.randrange(1, INSERTED_BYTES)) + data[at:]


def repeat(random: Random, data: bytes) -> bytes:
    """Write a piece again, as often as the bound allows at most."""
    start, end = _span(random, data)
    piece = data[start:end][:REPEATED_BYTES]
    times = random.randrange(1, max(2, min(50, REPEATED_BYTES // max(1, len(piece)))))
    return data[:end] + piece * times + data[end:]


def put_nul(random: Random, data: bytes) -> bytes:
    at = _place(random, data)
    return data[:at] + b"\0" * random.randrange(1, 4) + data[at:]


def put_bad_utf8(random: Random, data: bytes) -> bytes:
    at = _place(random, data)
    return data[:at] + random.choice(BAD_UTF8) + data[at:]


def swap(random: Random, data: bytes) -> bytes:
    """Exchange the two sides of a place."""
    at = _place(random, data)
    return data[at:] + data[:at]


def mark_order(random: Random, data: bytes) -> bytes:
    """Begin with the mark of another encoding, or be in it."""
    text = data.decode("utf-8", "replace")
    return random.choice((b"\xef\xbb\xbf" + data, text.encode("utf-16"), b"\xfe\xff" + data))


MUTATORS: tuple[Mutator, ...] = (flip, cut, end_early, insert, repeat, put_nul, put_bad_utf8, swap, mark_order)


def mutate(random: Random, data: bytes) -> bytes:
    """Break it once to three times."""
    for _ in range(random.choice((1, 1, 2, 3))):
        data = random.choice(MUTATORS)(random, data)
    return data


def _place(random: Random, data: bytes) -> int:
    return random.randrange(len(data)) if data else 0


def _span(random: Random, data: bytes) -> tuple[int, int]:
    start = _place(random, data)
    return start, min(len(data), start + random.randrange(1, 100))
