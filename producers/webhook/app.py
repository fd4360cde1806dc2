"""The HTTP doors as a bare ASGI application: half the cost of a framework, and there are few routes.

Not here: which door a path leads to (`routes.py`), what a body means (`formats/`), the broker (`publish.py`), the
server (`process.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

import msgspec
import structlog

from producers.webhook import metrics
from producers.webhook.answers import (
    ALERTMANAGER_STATUS,
    Answer,
    Headers,
    Receive,
    Scope,
    Send,
    accepted,
    partly_accepted,
    problem,
    send_answer,
    state,
)
from producers.webhook.auth import admit, admit_reader, token_in
from producers.webhook.body import Gone, check_encoding, read_body
from producers.webhook.cut import Origin, cut_request
from producers.webhook.door import Door
from producers.webhook.doors import Doors
from producers.webhook.failures import Failures, sender_of
from producers.webhook.formats import generic, prometheus, recognise
from producers.webhook.formats.parsed import Parsed
from producers.webhook.limits import max_body_bytes
from producers.webhook.outcomes import Outcomes, read_receipt
from producers.webhook.publish import Publisher
from producers.webhook.rates import Rates
from producers.webhook.refused import (
    Broken,
    NotDurable,
    NotFound,
    Refused,
    TooMany,
    Unauthorized,
    Unreadable,
    WrongMethod,
)
from producers.webhook.routes import POSTED, Route, find_route

log = structlog.get_logger()
IN_THREAD_BYTES = 128 * 1024
"""Larger bodies are parsed in a thread: about 10 ms of work, which other requests and door ticks should not wait for."""


BODY_SECONDS = 10.0
"""DESIGN section 4, answer 408."""
SOURCE_BYTES = 6
"""Of the digest of a sender: a project has a handful, and a collision takes two for one."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the doors work with; `doors` and the two states are asked anew for each request."""

    doors: Callable[[], Doors]
    publisher: Publisher
    is_accepting: Callable[[], bool]
    is_ready: Callable[[], bool]
    new_receipt: Callable[[Door, int], str]
    outcomes: Outcomes
    now_millis: Callable[[], int]
    rates: Rates
    failures: Failures
    trouble: Callable[[], str] = lambda: ""
    """What is wrong although the door may be ready, in words."""
    trusted_proxy: str = ""
    body_seconds: float = BODY_SECONDS


class App:
    """Answers as DESIGN section 4 says."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            answer = await self._answer(scope, receive)
        except Refused as refused:
            if isinstance(refused, Unauthorized):
                await self._parts.failures.hold(sender_of(scope, self._parts.trusted_proxy))
            answer = problem(refused)
        except Gone:
            return
        except Exception:  # the process's edge: one request that meets a fault of ours must not end the others
            log.exception("request_failed", path=scope["path"])
            answer = problem(Broken())
        metrics.REQUESTS.labels(answer.status).inc()
        await send_answer(send, answer)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        route = find_route(scope["path"])
        if route is None:
            raise NotFound("Alerts are posted to /in/PROJECT/INTEGRATION.")
        if scope["method"] not in route.methods:
            raise WrongMethod(route.methods[0])
        if route.kind in POSTED:
            return await self._take_alerts(route, scope, receive)
        if route.kind == "receipt":
            return await self._read_receipt(route.receipt, scope["headers"])
        if route.kind == "status":
            return ALERTMANAGER_STATUS
        if route.kind == "healthy":
            return state(True)
        return state(self._parts.is_ready(), self._parts.trouble())

    async def _take_alerts(self, route: Route, scope: Scope, receive: Receive) -> Answer:
        headers: Headers = scope["headers"]
        if not self._parts.is_accepting():
            raise NotDurable(
                "tocsin is starting or stopping, and nothing of this request was written. Send it again a little later."
            )
        door = admit(self._parts.doors().find(route), token_in(headers))
        check_encoding(headers)
        body = await read_body(headers, receive, max_body_bytes(door.format), self._parts.body_seconds)
        received_at = self._parts.now_millis()
        parse = prometheus.parse if route.kind == "api_v2" else recognise.parse
        parsed = await asyncio.to_thread(parse, body, door) if len(body) > IN_THREAD_BYTES else parse(body, door)
        self._check_rate(door, parsed)
        receipt = self._parts.new_receipt(door, parsed.total)
        origin = Origin(received_at, self._source(scope, parsed) if route.kind == "api_v2" else "")
        too_large = await self._parts.publisher.publish(cut_request(door, receipt, parsed, origin))
        parsed = parsed.without(too_large)
        _count(door, parsed)
        if route.kind == "api_v2" and parsed.refusals:
            return partly_accepted(receipt, parsed)
        return accepted(202 if route.kind == "in" else 200, receipt, parsed)

    async def _read_receipt(self, receipt: str, headers: Headers) -> Answer:
        if not self._parts.is_accepting():
            raise Unreadable("tocsin is starting or stopping. Ask again a little later.")
        doors = admit_reader(self._parts.doors(), token_in(headers))
        found = await read_receipt(receipt, doors, self._parts.outcomes, self._parts.now_millis())
        return Answer(200, msgspec.json.encode({"alerts": found}))

    def _source(self, scope: Scope, parsed: Parsed) -> str:
        """Tell senders of one alert apart: by their address, and by what they call themselves. Kept as a digest alone."""
        address = sender_of(scope, self._parts.trusted_proxy)
        return blake2b(f"{address} {parsed.sender}".encode(), digest_size=SOURCE_BYTES).hexdigest()

    def _check_rate(self, door: Door, parsed: Parsed) -> None:
        seconds = self._parts.rates.take(door, parsed.total)
        if not seconds:
            return
        too_many = TooMany(seconds)
        if parsed.format == generic.FORMAT:
            raise too_many
        raise NotDurable(too_many.detail)  # Alertmanager, and what speaks as it does, sends again after 5xx alone


def _count(door: Door, parsed: Parsed) -> None:
    metrics.EVENTS.labels(parsed.format).inc(len(parsed.events))
    if parsed.refusals:
        metrics.REFUSED.inc(len(parsed.refusals))
    if parsed.truncated:
        metrics.TRUNCATED.inc(parsed.truncated)
        log.warning(
            "alerts_truncated", project=door.project, integration=door.integration, count=parsed.truncated, group=parsed.group_key
        )
