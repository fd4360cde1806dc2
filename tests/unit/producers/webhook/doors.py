"""Doors and bodies for the tests of the webhook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from producers.webhook.door import Door, build_door
from producers.webhook.formats.parsed import Parsed
from producers.webhook.formats.recognise import parse
from schemas.codec import decode_body
from schemas.configuration import Format, Integration
from schemas.records import Content

TESTS = Path(__file__).parents[3]


def a_door(format: Format = "generic", **settings: Any) -> Door:
    return build_door("shop", "door", Integration(format=format, **settings))


def parse_json(value: object, door: Door | None = None) -> Parsed:
    return whole(parse(json.dumps(value).encode(), door or a_door()))


def whole(parsed: Parsed) -> Parsed:
    """Make everything of a body at once, however large it is."""
    slices = list(parsed.slices())
    events = [event for made in slices for event in made.events]
    return replace(parsed, events=events, refusals=[one for made in slices for one in made.refusals], later=None)


def only_content(parsed: Parsed) -> Content:
    (event,) = parsed.events
    return decode_body(event.content, Content)


def content_of(value: object, door: Door | None = None) -> Content:
    return only_content(parse_json(value, door))
