"""How large a request may be (DESIGN section 4, answer 413), and the check of nesting.

Not here: the limits of single fields (`text.py`, `hosts.py`).
"""

from __future__ import annotations

import re
from itertools import accumulate

from producers.webhook.refused import TooDeep, TooLarge
from schemas.configuration import Format

MAX_BODY_BYTES = 1024 * 1024
MAX_ALERTMANAGER_BODY_BYTES = 32 * 1024 * 1024
MAX_ALERTS = 10_000
"""Of a generic request."""
MAX_ALERTMANAGER_ALERTS = 250_000
"""More than the longest body holds: the shortest alert that Prometheus sends takes 145 bytes, Alertmanager's more.
Shorter elements can be sent by hand, and what is said of each in the answer must fit into memory."""
MAX_ALERT_BYTES = 256 * 1024
MAX_LEVELS = 100
WINDOW_MARKS = 64 * 1024
"""Brackets and quotes that are looked at in one go, some 3 ms at worst: nothing else runs meanwhile."""
MEBIBYTE = 1024 * 1024
_ALL_BUT_BRACKETS_AND_QUOTES = bytes(set(range(256)) - set(b'[]{}"'))
_STRINGS = re.compile(rb'"[^"]*"')
_STEP = tuple({"[": 1, "{": 1, "]": -1, "}": -1}.get(chr(code), 0) for code in range(256))


def max_body_bytes(format: Format, is_api_v2: bool = False) -> int:
    """Give how long a body may be: by the integration's format, or by the door of Alertmanager's API v2."""
    return MAX_ALERTMANAGER_BODY_BYTES if format == "alertmanager" or is_api_v2 else MAX_BODY_BYTES


def check_size(size: int, limit: int) -> None:
    """Raise `TooLarge` when a body, or what came of it so far, is over the limit."""
    if size > limit:
        hint = "" if limit > MAX_BODY_BYTES else f" ({MAX_ALERTMANAGER_BODY_BYTES // MEBIBYTE} MiB with 'format: alertmanager')"
        raise TooLarge(f"A body may have {limit // MEBIBYTE} MiB{hint}. Send fewer alerts at once.")


def check_count(count: int, most: int) -> None:
    """Raise `TooLarge` when a request has too many alerts."""
    if count > most:
        raise TooLarge(f"One request may have {most} alerts. Send them in several.")


def check_depth(body: bytes) -> None:
    """Raise `TooDeep` when JSON text nests deeper than 100 levels (the root is level 1).

    Looks at the bytes, before any parser recurses into them, in linear time: brackets outside strings are counted.
    """
    if body.count(b"[") + body.count(b"{") <= MAX_LEVELS:
        return
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = body.translate(None, _ALL_BUT_BRACKETS_AND_QUOTES).replace(b'""', b"")  # strings without brackets: most
    level, opened = 0, b""
    for start in range(0, len(marks), WINDOW_MARKS):
        # A string that a window cuts is opened anew in the next one.
        brackets, opened, _ = _STRINGS.sub(b"", opened + marks[start : start + WINDOW_MARKS]).partition(b'"')
        levels = list(accumulate(map(_STEP.__getitem__, brackets), initial=level))
        level = levels[-1]
        if max(levels) > MAX_LEVELS:
            raise TooDeep(f"JSON may nest {MAX_LEVELS} levels deep (the root is level 1). Flatten what is deeper into text.")
