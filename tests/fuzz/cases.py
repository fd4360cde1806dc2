"""Case K of seed N: the same bytes each time, whatever came before, so that any one can be sent again alone.

Not here: sending it (`sender.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from tests.fuzz import mutate_bytes, mutate_http, mutate_json
from tests.fuzz.mutate_http import Written
from tests.fuzz.requests import Request, Target, operator_request, webhook_request

LEVELS = {"none": 15, "json": 30, "bytes": 15, "query": 10, "http": 25, "json and http": 5}
"""At what level a request is broken, and how often; some are good, so that there is something to read and to act on."""
SHOWN_BYTES = 1500


@dataclass(frozen=True, slots=True)
class Case:
    """A request as it is sent, and who sends it."""

    number: int
    level: str
    target: Target
    written: Written
    address: str
    """A loopback address of its own, since delays and limits go by address."""

    def __str__(self) -> str:
        data = self.written.data()
        more = f" … {len(data)} bytes in all" if len(data) > SHOWN_BYTES else ""
        return f"--only {self.number}: {self.target}, broken at the level of {self.level}: {data[:SHOWN_BYTES]!r}{more}"


def build_case(seed: int, number: int) -> Case:
    random = Random(f"fuzz/{seed}/{number}")
    level = random.choices(list(LEVELS), list(LEVELS.values()))[0]
    request = webhook_request(random) if random.random() < 0.6 else operator_request(random, number)
    written = _write(random, request, level)
    if "http" in level:
        written = mutate_http.mutate(random, written)
    address = f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"
    return Case(number, level, request.target, written, address)


def _write(random: Random, request: Request, level: str) -> Written:
    if level in ("query", "json", "bytes") and request.query:
        request = _break_query(random, request)
    body = b""
    if request.document is not None:
        is_json_broken = "json" in level or (level == "query" and not request.query)
        body = mutate_json.mutate(random, request.document) if is_json_broken else mutate_json.write(request.document).encode()
        body = mutate_bytes.mutate(random, body) if level == "bytes" else body
    return Written(request.method.encode(), request.path_and_query(), tuple(request.head()), body)


def _break_query(random: Random, request: Request) -> Request:
    """Break one value of the query; a byte that is no UTF-8 goes as the percent sign writes it."""
    at = random.randrange(len(request.query))
    name, value = request.query[at]
    broken = mutate_bytes.mutate(random, value.encode()).decode("utf-8", "surrogateescape")
    pairs = (*request.query[:at], (name, broken), *request.query[at + 1 :])
    return replace(request, query=pairs if random.random() < 0.9 else pairs * 2)
