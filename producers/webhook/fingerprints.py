"""The identity of an alert (BEHAVIOUR 3): what later events of the same condition have in common.

Not here: which fields hold it (`formats/`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b, sha1

import msgspec

from producers.webhook.text import Json, flatten, is_blank

FNV_OFFSET, FNV_PRIME, FNV_MASK = 0xCBF29CE484222325, 0x100000001B3, 0xFFFFFFFFFFFFFFFF
"""FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/"""
IDENTITY_BYTES = 16
_encode = msgspec.json.Encoder(order="sorted").encode


def fnv1a_in_python(data: bytes) -> int:
    """Hash by FNV-1a 64; forty times slower than in C, for machines where that is not built."""
    hashed = FNV_OFFSET
    for byte in data:
        hashed = (hashed ^ byte) * FNV_PRIME & FNV_MASK
    return hashed


def _fastest() -> Callable[[bytes], int]:
    try:
        from fnv_c import fnv1a_64
    except ImportError:
        return fnv1a_in_python
    return fnv1a_64  # type: ignore[no-any-return]


fnv1a = _fastest()


def label_bytes(labels: Iterable[tuple[str, str]]) -> bytes:
    """Write a label set, sorted by name, as Prometheus hashes it: name, 0xFF, value, 0xFF, no empty values."""
    # U+DCFF is what surrogateescape writes as the byte 0xFF; no text that was read from JSON holds a surrogate.
    return "".join(f"{name}\udcff{value}\udcff" for name, value in labels if value).encode("utf-8", "surrogateescape")


def of_labels(labels: Iterable[tuple[str, str]]) -> tuple[str, bytes]:
    """Give the fingerprint of labels that are sorted by name, and the digest that tells apart sets with one fingerprint."""
    data = label_bytes(labels)
    return f"{fnv1a(data):016x}", blake2b(data, digest_size=IDENTITY_BYTES).digest()


def canonical_json(value: Json) -> bytes:
    """Write JSON with keys sorted by code point, no spaces, raw UTF-8, numbers as they were sent."""
    return _encode(value)


def explicit(value: Json) -> str | None:
    """Hash the fingerprint that a sender gave; None when it says nothing."""
    data = b"".join(_hashed_bytes(item) for item in flatten(value) if not is_blank(item))
    return sha1(data, usedforsecurity=False).hexdigest() if data else None


def _hashed_bytes(item: Json) -> bytes:
    return item.encode() if isinstance(item, str) else canonical_json(item)


def generated(rest: dict[str, Json]) -> str:
    """Hash what is left of a payload without its changing fields; empty when that is nothing."""
    return "" if is_blank(rest) else sha1(canonical_json(rest), usedforsecurity=False).hexdigest()
