"""Time zones from the pinned package `tzdata`, never the machine's own: two machines must decide alike (DESIGN section 1).

Not here: what is done with local times.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo


@cache
def load_zone(name: str) -> ZoneInfo:
    """Load a zone such as Europe/Berlin; raises `ValueError` when there is none of that name."""
    parts = name.split("/")
    if not all(part and part.replace("_", "a").replace("-", "a").replace("+", "a").isalnum() for part in parts):
        raise ValueError(f"{name!r} is no time zone")
    source = files("tzdata").joinpath("zoneinfo", *parts)
    if not source.is_file():
        raise ValueError(f"{name!r} is no time zone")
    with source.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)
