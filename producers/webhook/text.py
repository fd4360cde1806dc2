"""Text out of JSON values: what counts as absent, what numbers look like, what is cut (BEHAVIOUR 2).

Not here: reading JSON (`reading.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Raw

Json: TypeAlias = "str | int | bool | Raw | list[Json] | dict[str, Json] | None"
"""A JSON value as `reading.py` gives it: numbers that Python would write otherwise than the sender are `Raw`."""
JsonObject: TypeAlias = "dict[str, Json]"
DOTS = "..."
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
MAX_TITLE = 200
MAX_DESCRIPTION = 1000
MAX_NAME = 100
"""Of a service or a monitoring tool."""
MAX_HOSTS = 255
DEFAULT_TITLE = "New: Alert"


def clean(text: str) -> str:
    """Replace what PostgreSQL cannot hold; lone surrogates were replaced when the JSON was read."""
    return text.replace("\0", REPLACEMENT) if "\0" in text else text


def scalar_text(value: Json) -> str | None:
    """Give a scalar as text, with the digits that were sent; null, lists and objects are none."""
    if type(value) is str:
        return clean(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    return bytes(value).decode() if isinstance(value, Raw) else None


def text(value: Json) -> str | None:
    """Give a field's text, or None when it is absent: null, false, blank or not a scalar."""
    if type(value) is str:
        return clean(value) if value and not value.isspace() else None
    return None if value is False else scalar_text(value)


def cut(value: str | None, limit: int) -> str | None:
    """Keep at most `limit` characters, the last three then being dots."""
    return value if value is None or len(value) <= limit else value[: limit - len(DOTS)] + DOTS


def is_blank(value: Json) -> bool:
    """Tell whether nothing is said: null, false, blank text, or a list or object of nothing else."""
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, dict):
        return all(map(is_blank, value.values()))
    if isinstance(value, list):
        return all(map(is_blank, value))
    return value is None or value is False


def flatten(value: Json) -> Iterator[Json]:
    """Walk through nested lists in order, each item in the same time however deep; a value that is no list comes as it is."""
    if not isinstance(value, list):
        yield value
        return
    open_lists = [iter(value)]
    while open_lists:
        for item in open_lists[-1]:
            if isinstance(item, list):
                open_lists.append(iter(item))
                break
            yield item
        else:
            open_lists.pop()


def hosts_of(value: Json) -> list[str]:
    """List hosts: whole ones while all fit into 255 characters, the crossing one cut, the rest dropped."""
    hosts: list[str] = []
    room = MAX_HOSTS
    for item in flatten(value):
        host = text(item)
        if host is None:
            continue
        if room <= 0:
            break
        hosts.append(host[:room])
        room -= len(host)
    return hosts
