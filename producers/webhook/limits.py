"""How large a request may be (DESIGN section 4, answer 413), and the checks of nesting and of an alert's values.

How much that is says `schemas/limits.py`. Not here: the limits of single fields (`text.py`, `labels.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from producers.webhook.refused import RejectedElement, TooDeep, TooLarge
from schemas.configuration import Format
from schemas.limits import MEBIBYTE, Limits
from schemas.over_limit import count_over

WINDOW_BYTES = 64 * 1024
"""Text that is looked at in one go, some 5 ms if it is brackets alone: others have their turn after it."""
_ALL_BUT_BRACKETS_AND_QUOTES = bytes(set(range(256)) - set(b'[]{}"'))
_ALL_BUT_MARKS_AND_QUOTES = bytes(set(range(256)) - set(b',[{"'))
_STRINGS = re.compile(rb'"[^"]*"')
_STEP = tuple({"[": 1, "{": 1, "]": -1, "}": -1}.get(chr(code), 0) for code in range(256))


def max_body_bytes(limits: Limits, format: Format, is_api_v2: bool = False) -> int:
    """Give how long a body may be: by the integration's format, or by the door of Alertmanager's API v2."""
    return limits.max_alertmanager_body_bytes if format == "alertmanager" or is_api_v2 else limits.max_body_bytes


def check_size(size: int, most: int, limits: Limits) -> None:
    """Raise `TooLarge` when a body, or what came of it so far, is over what it may have."""
    if size <= most:
        return
    hint = ""
    if most == limits.max_alertmanager_body_bytes:
        count_over("max_alertmanager_body_bytes")
    else:
        count_over("max_body_bytes")
        hint = f" ({size_text(limits.max_alertmanager_body_bytes)} with 'format: alertmanager')"
    raise TooLarge(f"A body may have {size_text(most)}{hint}. Send fewer alerts at once.")


def size_text(size: int) -> str:
    """Write a number of bytes as people read it."""
    for unit, name in ((MEBIBYTE, "MiB"), (1024, "KiB")):
        if size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def check_count(count: int, most: int, limits: Limits) -> None:
    """Raise `TooLarge` when a request has too many alerts."""
    if count <= most:
        return
    if most == limits.max_alertmanager_alerts:
        count_over("max_alertmanager_alerts")
    else:
        count_over("max_alerts")
    raise TooLarge(f"One request may have {most} alerts. Send them in several.")


def check_alert(raw: bytes, limits: Limits) -> None:
    """Raise `RejectedElement` for an alert that is too long, or holds too much, before it is read."""
    if len(raw) > limits.max_alert_bytes:
        count_over("max_alert_bytes")
        raise RejectedElement(f"an alert may have {size_text(limits.max_alert_bytes)}; this one has {len(raw)} bytes")
    if _marks(raw) > limits.max_alert_values and _marks(_without_texts(raw)) > limits.max_alert_values:
        count_over("max_alert_values")
        raise RejectedElement(f"an alert may hold {limits.max_alert_values} values; send fewer labels, or shorter lists")


def _marks(raw: bytes) -> int:
    """Count the marks before values: there is none without one."""
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")


def _without_texts(text: bytes) -> bytes:
    marks = _without_escapes(text).translate(None, _ALL_BUT_MARKS_AND_QUOTES)
    return _STRINGS.sub(b"", marks.replace(b'""', b""))


def _without_escapes(text: bytes) -> bytes:
    return text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text


def check_depth(body: bytes, most: int) -> None:
    """Do all of `depth_steps` at once."""
    for _ in depth_steps(body, most):
        pass


def depth_steps(body: bytes, most: int) -> Iterator[None]:
    """Raise `TooDeep` when JSON text nests deeper than that (the root is level 1), window by window.

    Looks at the bytes, before any parser recurses into them, in linear time: brackets outside strings are counted.
    """
    level, opened, start, brackets = 0, b"", 0, 0
    while start < len(body):
        window = body[start : start + WINDOW_BYTES]
        escaping = len(window) - len(window.rstrip(b"\\"))
        if escaping % 2 and len(window) > 1:
            window = window[:-1]  # an escape lies whole in the next one
        start += len(window)
        brackets += window.count(b"[") + window.count(b"{")
        marks = opened + _without_escapes(window).translate(None, _ALL_BUT_BRACKETS_AND_QUOTES)
        level, opened = _levels(marks, level, most, may_be_deep=brackets > most)
        yield


def _levels(marks: bytes, level: int, most: int, may_be_deep: bool) -> tuple[int, bytes]:
    """Count on from a level; give the level after these marks, and the quote of a string that goes on after them."""
    brackets, opened, _ = _STRINGS.sub(b"", marks.replace(b'""', b"")).partition(b'"')
    levels = list(accumulate(map(_STEP.__getitem__, brackets), initial=level))
    if may_be_deep and max(levels) > most:
        count_over("max_levels")
        raise TooDeep(f"JSON may nest {most} levels deep (the root is level 1). Flatten what is deeper into text.")
    return levels[-1], opened
