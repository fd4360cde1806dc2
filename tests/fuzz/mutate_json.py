"""Breaks JSON as JSON: types, depth, numbers, keys, sizes; just under and just over our own limits, never far beyond.

Not here: bytes that are no JSON (`mutate_bytes.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

DEEPEST = (98, 99, 100, 101, 102)
"""Around our limit of 100 levels."""
MANY_ALERTS = (9_999, 10_000, 10_001)
BODY_LIMIT = 1024 * 1024
ODD_NUMBERS = (
    "9" * 19,
    "9" * 40,
    "-1",
    "0",
    "-0",
    "1e400",
    "1e-400",
    "0.1",
    "1E5",
    "18446744073709551616",
    "2.5e308",
    "007",
    "+1",
)
ODD_TEXTS = (
    '"\\ud800"',
    '"\\u0000"',
    '"\\udc00\\ud800"',
    '"\u202e txet"',
    '"\ufeff"',
    '"e\u0301\u0301"',
    '"\U0001f6a8"',
    '"\\/"',
)
ODD_TIMES = (
    "",
    "0",
    "-1",
    "now",
    "2026-02-30T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "0001-01-01T00:00:00Z",
    "1e12",
    "2026-03-01T12:00",
)
ODD_VALUES: tuple[Any, ...] = (None, True, False, 0, -1, 2**63, 1.5, "", " ", "x", [], {}, [None], {"": ""}, [[]], "null")
TIME_NAMES = ("startsAt", "endsAt", "starts_at", "ends_at", "start_time", "at")


class Verbatim(str):
    """JSON that is written as it stands."""


class Pairs(list[tuple[str, Any]]):
    """An object whose keys may come twice."""


def write(value: Any) -> str:
    """Write JSON, with what `json` would not write."""
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(key)}:{write(item)}" for key, item in value) + "}"
    if isinstance(value, dict):
        return write(Pairs(value.items()))
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value)


Place = tuple[Any, Any]
"""A container and the key or index of one of its values."""


def places(value: Any) -> Iterator[Place]:
    """Go through all places of a document, the outer first."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if type(value) is list else ()
    for key in list(keys):
        yield value, key
        yield from places(value[key])


def _change(value_of: Callable[[Random, Any], Any]) -> Callable[[Random, Any], Any]:
    """Make a mutator of a whole document from what becomes of one value in it."""

    def mutator(random: Random, document: Any) -> Any:
        found = list(places(document))
        if not found or random.random() < 0.1:
            return value_of(random, document)
        holder, key = random.choice(found)
        holder[key] = value_of(random, holder[key])
        return document

    return mutator


def _odd_value(random: Random) -> Any:
    return deepcopy(random.choice(ODD_VALUES))  # the next mutator may change it in place


def _nest(random: Random, value: Any) -> Any:
    levels = random.choice(DEEPEST)
    opening, closing = random.choice((("[", "]"), ('{"a":', "}")))
    return Verbatim(opening * levels + write(value) + closing * levels)


def _key_twice(random: Random, value: Any) -> Any:
    pairs = Pairs(value.items()) if isinstance(value, dict) and value else Pairs([("title", value)])
    return Pairs([*pairs, (random.choice(pairs)[0], _odd_value(random))])


def _rename(random: Random, value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        return {random.choice(("", "\0", "ключ", "k" * 300, "__proto__")): value}
    return {
        random.choice(("", "Title", "\u202e", "k" * 300)) if random.random() < 0.5 else key: one for key, one in value.items()
    }


def _wide(random: Random, _: Any) -> Any:
    return {f"label_{number}": number for number in range(random.choice((50, 51, 300)))}


def _long(random: Random, _: Any) -> Any:
    return random.choice(("x", "ü", "🚨", "\n", "<", '"', "a b ")) * random.choice((100, 255, 256, 1_001, 10_001, 65_536))


def _time(random: Random, document: Any) -> Any:
    found = [place for place in places(document) if place[1] in TIME_NAMES]
    holder, key = random.choice(found) if found else (document, "starts_at")
    if isinstance(holder, dict):
        holder[key] = random.choice((*ODD_TIMES, 2**53, -1, None))
    return document


def _many(random: Random, document: Any) -> Any:
    """So many small alerts; rare, since it is the dearest (a tenth of the choices end here and most go on small)."""
    count = random.choice(MANY_ALERTS) if random.random() < 0.1 else random.randrange(100)
    return Verbatim("[" + ",".join(['{"title":"many"}'] * count) + "]")


def _padded(random: Random, document: Any) -> Any:
    """Just under or over the limit of a body; rare as well."""
    text = write(document)
    if random.random() > 0.1:
        return Verbatim(text + random.choice(("", " ", "\n", "]", "}", ",", "{}", "\0")))
    return Verbatim(text + " " * (BODY_LIMIT - len(text.encode()) + random.randrange(-2, 3)))


MUTATORS: tuple[Callable[[Random, Any], Any], ...] = (
    _change(lambda random, _: _odd_value(random)),
    _change(lambda random, _: Verbatim(random.choice(ODD_NUMBERS))),
    _change(lambda random, _: Verbatim(random.choice(ODD_TEXTS))),
    _change(_nest),
    _change(_key_twice),
    _change(_rename),
    _change(_wide),
    _change(_long),
    _change(lambda _, value: [value]),
    _change(lambda _, value: {"alerts": value}),
    _time,
    _many,
    _padded,
)


def mutate(random: Random, document: Any) -> bytes:
    """Break a document, which may be changed in place, once or twice; give it as it is sent."""
    for _ in range(random.choice((1, 1, 2))):
        document = random.choice(MUTATORS)(random, document)
    return write(document).encode("utf-8", "surrogatepass")[: BODY_LIMIT + 2]
