"""Links that a sender names: http and https only, since people will click on them."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote_plus

from producers.webhook.text import Json, clean, flatten, text
from schemas.records import Link

_WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\x7f]+", re.IGNORECASE)
_EXPRESSION = re.compile(r"[?&]g0\.expr=([^&#]*)")
MAX_QUERY_URL = 16 * 1024
"""An expression in a longer address is not decoded: nobody writes one, and decoding takes long."""
CACHED_LENGTH = 2048
"""Addresses up to here are remembered: one rule's alerts all carry the same."""


def link(kind: str, value: Json) -> list[Link]:
    """Make a link of a web address; nothing of anything else."""
    url = text(value)
    return [Link(kind, url)] if url is not None and _WEB_ADDRESS.fullmatch(url) else []


def links_in(kind: str, value: Json) -> list[Link]:
    """Make links of an address or of a list of them."""
    return [found for item in flatten(value) for found in link(kind, item)]


def query_of(url: str | None) -> str | None:
    """Decode the PromQL expression (`g0.expr`) that Prometheus puts into a generator URL."""
    if url is None or len(url) > MAX_QUERY_URL or "g0.expr=" not in url:
        return None
    return _remembered_query(url) if len(url) <= CACHED_LENGTH else _query(url)


def _query(url: str) -> str | None:
    found = _EXPRESSION.search(url)
    return clean(unquote_plus(found[1])) or None if found else None


_remembered_query = lru_cache(maxsize=4096)(_query)
