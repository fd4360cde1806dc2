"""How each kind of text in the configuration file is written: one function a kind, from text to value.

Each raises `ValueError` that says what is wrong and what to write. Not here: structure (`configuration_reading.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from schemas.configuration import Kind
from schemas.durations import parse_duration, parse_rate, parse_span
from schemas.limits import Limits
from schemas.matcher_limits import read_text
from schemas.matcher_syntax import InvalidMatcher
from schemas.public_text import public_text
from schemas.publish_title import check_title
from schemas.recurrence import check_recurrence
from schemas.zones import load_zone

NAME_HINT = "write 1 to 63 lower-case letters, digits, - _ and ., beginning with a letter or digit"
MAPPED_FIELDS = (
    "title",
    "description",
    "service",
    "monitoring_tool",
    "hosts",
    "severity",
    "starts_at",
    "ends_at",
    "status",
    "environment",
    "fingerprint",
    "labels",
    "links",
)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_TOKEN = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_PATH = re.compile(r"[^.\[\]]+(?:\[[0-9]+\])*(?:\.[^.\[\]]+(?:\[[0-9]+\])*)*")
_LOCAL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?", re.ASCII)
_COUNT = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(f"{text!r} is not {what}")
        return text

    return check


def _token(text: str) -> str:
    if _TOKEN.fullmatch(text) is None:
        # Not repeated in the message: it may be the token itself.
        raise ValueError("a token is written as its hash, sha256: and 64 hex digits; `tocsin token new` prints both")
    return text


def _label(text: str) -> str:
    if not text.strip():
        raise ValueError("a field or label has a name")
    return text


def _mapped_field(text: str) -> str:
    if text not in MAPPED_FIELDS:
        raise ValueError(f"{text!r} is no field; write one of {', '.join(MAPPED_FIELDS)}")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"\s", text):
        raise ValueError(f"{public_text(text)!r} is no web address; write https://host or http://host:port")
    if public_text(text) != text:
        # Not repeated in the message: it is a secret.
        hint = "everyone who reads the configuration would have it; write the address alone, and the secret as token: {env: NAME}"
        raise ValueError(f"the address of {parts.hostname} holds a user, a password or a token: {hint}")
    return text


def _local_time(text: str) -> str:
    hint = "write it as the clocks show it, 2026-12-06T02:00; its zone stands in `zone`"
    if _LOCAL_TIME.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no local time; {hint}")
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no local time ({error}); {hint}") from error
    return text


def _span(text: str) -> int | str:
    """Give exact milliseconds, or the text where it has days: how long these are is not known before they are."""
    span = parse_span(text)
    return text if span.days else span.millis


def _zone(text: str) -> str:
    try:
        load_zone(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time zone; write a name such as Europe/Berlin or UTC") from error
    return text


def _count(text: str) -> int:
    if _COUNT.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no count; write a whole number from 1 up")
    return int(text)


def read_matcher_text(text: str, limits: Limits) -> list[str]:
    """Read one matcher, or a list in braces as that many; a single one stays as it is written."""
    try:
        found = read_text(text, limits)
    except InvalidMatcher as error:
        raise ValueError(str(error)) from error
    return [text.strip()] if len(found) == 1 and not text.lstrip().startswith("{") else [str(matcher) for matcher in found]


READERS: Final[dict[Kind, Callable[[str], object]]] = {
    Kind.NAME: _matching(_NAME, f"a name; {NAME_HINT}"),
    Kind.LABEL: _label,
    Kind.DURATION: parse_duration,
    Kind.RATE: parse_rate,
    Kind.TOKEN: _token,
    Kind.PATH: _matching(_PATH, "a path into JSON; write it as check.name or alerts[0].title"),
    Kind.FIELD: _mapped_field,
    Kind.URL: _url,
    Kind.LOCAL_TIME: _local_time,
    Kind.SPAN: _span,
    Kind.ZONE: _zone,
    Kind.RECURRENCE: check_recurrence,
    Kind.COUNT: _count,
    Kind.PUBLIC_TITLE: check_title,
}
"""Not among them is `MATCHER`: it has limits, and what stands in one text may be several."""
