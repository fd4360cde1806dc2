"""How large a request may be (DESIGN section 4, answer 413), and the check of nesting.

Not here: the limits of single fields (`text.py`, `hosts.py`).
"""

from __future__ import annotations

import re
from itertools import accumulate

from producers.webhook.refused import TooLarge
from schemas.configuration import Format

MAX_BODY_BYTES = 1024 * 1024
MAX_ALERTMANAGER_BODY_BYTES = 8 * 1024 * 1024
MAX_ALERTS = 10_000
MAX_ALERT_BYTES = 256 * 1024
MAX_LEVELS = 100
MEBIBYTE = 1024 * 1024
_ALL_BUT_BRACKETS_AND_QUOTES = bytes(set(range(256)) - set(b'[]{}"'))
_STRINGS = re.compile(rb'"[^"]*"')
_STEP = tuple({"[": 1, "{": 1, "]": -1, "}": -1}.get(chr(code), 0) for code in range(256))


def max_body_bytes(format: Format) -> int:
    return MAX_ALERTMANAGER_BODY_BYTES if format == "alertmanager" else MAX_BODY_BYTES


def check_size(size: int, limit: int) -> None:
    """Raise `TooLarge` when a body, or what came of it so far, is over the limit."""
    if size > limit:
        raise TooLarge(f"A body may have {limit // MEBIBYTE} MiB. Send fewer alerts at once.")


def check_count(count: int) -> None:
    """Raise `TooLarge` when a request has too many alerts."""
    if count > MAX_ALERTS:
        raise TooLarge(f"One request may have {MAX_ALERTS} alerts; this one has {count}. Send them in several.")


def check_depth(body: bytes) -> None:
    """Raise `TooLarge` when JSON text nests deeper than 100 levels (the root is level 1).

    Looks at the bytes, before any parser recurses into them, in linear time: brackets outside strings are counted.
    """
    if body.count(b"[") + body.count(b"{") <= MAX_LEVELS:
        return
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = body.translate(None, _ALL_BUT_BRACKETS_AND_QUOTES).replace(b'""', b"")  # strings without brackets: most
    brackets = _STRINGS.sub(b"", marks)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_LEVELS:
        raise TooLarge(f"JSON may nest {MAX_LEVELS} levels deep (the root is level 1). Flatten what is deeper into text.")
