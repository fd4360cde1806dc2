"""What alerts say, decoded: reading, merging, telling whether it is new. Not here: how a door writes it."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from msgspec.structs import replace

from processors.core.matching import Lookup
from processors.core.rules import field_of
from processors.core.state import State
from schemas.codec import decode_body, encode_body
from schemas.matchers import SEVERITY_WORDS, join_words
from schemas.records import AlertState, Content

DIGEST_BYTES = 16
REMEMBERED = 256
"""Contents kept decoded: an alert's is asked for by each rule that looks at it, several times within one event."""


@lru_cache(REMEMBERED)
def read_content(body: bytes) -> Content:
    """Decode a content, dear when it was not asked for lately; raises `MalformedRecord` (the sender's)."""
    return decode_body(body, Content)


def content_of(state: State, alert: AlertState) -> Content:
    """Read what an alert says; only where a rule or a person looks at it."""
    return read_content(state.contents[alert.project, alert.number])


def lookup_of(state: State, alert: AlertState) -> Lookup:
    """Give the fields that rules look at, by name; each is found once, however many rules ask for it."""
    body = state.contents[alert.project, alert.number]
    return _lookup(body, alert.severity, alert.severity_as_sent, alert.status, alert.integration)


@lru_cache(REMEMBERED)
def _lookup(body: bytes, severity: str, as_sent: str | None, status: str, integration: str) -> Lookup:
    content = read_content(body)
    known = {"severity": severity, "status": status, "integration": integration}

    def lookup(name: str) -> str:
        value = known.get(name)
        if value is None:
            value = known[name] = words() if name == SEVERITY_WORDS else field_of(content, name)
        return value

    def words() -> str:
        return join_words(severity, as_sent, content.labels.get("severity"))

    return lookup


def merge_content(old: bytes, new: bytes, keeps_title: bool = True) -> bytes:
    """Follow the newest event in all that it has; the title stays (BEHAVIOUR 4, "merged"), unless it has a count of ours.

    Raises `MalformedRecord` (the sender's) when the new one cannot be read.
    """
    kept, came = read_content(old), read_content(new)
    newer = {name: value for name in Content.__struct_fields__ if (value := getattr(came, name)) and name != "title"}
    return encode_body(replace(kept, **newer) if keeps_title else replace(kept, **newer, title=came.title))


def digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=DIGEST_BYTES).digest()
