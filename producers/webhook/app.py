"""The HTTP doors as a bare ASGI application: half the cost of a framework, and there are few routes.

Not here: which door a path leads to (`routes.py`), what a body means (`formats/`), the broker (`publish.py`), the
server (`process.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
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
from producers.webhook.body import BodyReader, Gone, Held, Room, check_encoding
from producers.webhook.clocks import date_off, start_ahead
from producers.webhook.complaints import Complaints
from producers.webhook.counted import Counted
from producers.webhook.cut import Cutter, Origin, batch_of, cut_request
from producers.webhook.door import Door
from producers.webhook.doors import Doors
from producers.webhook.failures import Failures, sender_of
from producers.webhook.formats import generic, prometheus, recognise
from producers.webhook.formats.parsed import Parsed, Slice, Taken
from producers.webhook.limits import max_body_bytes, size_text
from producers.webhook.outcomes import Outcomes, first_asked, read_receipt
from producers.webhook.publish import Publisher
from producers.webhook.rates import Rates, alerts_per_minute
from producers.webhook.refused import (
    Broken,
    NoRoom,
    NotDurable,
    NotFound,
    Refused,
    TooMany,
    Unauthorized,
    Unreadable,
    WrongMethod,
)
from producers.webhook.routes import POSTED, Route, find_route
from producers.webhook.slices import LARGE_BYTES
from producers.webhook.turns import Turn, Turns
from schemas.disk import Disks
from schemas.limits import Limits

log = structlog.get_logger()
SOURCE_BYTES = 6
"""Of the digest of a sender: a project has a handful, and a collision takes two for one."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the doors work with; `doors` and the two states are asked anew for each request."""

    doors: Callable[[], Doors]
    publisher: Publisher
    complaints: Complaints
    is_accepting: Callable[[], bool]
    is_ready: Callable[[], bool]
    new_receipt: Callable[[Door, int], str]
    outcomes: Outcomes
    now_millis: Callable[[], int]
    rates: Rates
    turns: Turns
    failures: Failures
    room: Room
    body_seconds: float
    trouble: Callable[[], str] = lambda: ""
    """What is wrong although the door may be ready, in words."""
    trusted_proxy: str = ""
    disks: Disks = field(default_factory=lambda: Disks("", Limits()))


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
        metrics.count_answer(answer.status)
        await send_answer(send, answer)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        route = find_route(scope["path"])
        if route is None:
            raise NotFound("Alerts are posted to /in/PROJECT/INTEGRATION.")
        if scope["method"] not in route.methods:
            raise WrongMethod(route.methods)
        if route.kind in POSTED:
            return await self._take_alerts(route, scope, receive)
        if route.kind == "receipt":
            return await self._read_receipt(route.receipt, scope)
        if route.kind == "status":
            return ALERTMANAGER_STATUS
        if route.kind == "healthy":
            return state(True)
        return state(self._parts.is_ready(), self._parts.trouble())

    async def _take_alerts(self, route: Route, scope: Scope, receive: Receive) -> Answer:
        if not self._parts.is_accepting():
            self._check_disks()  # may be why
            raise NotDurable(
                "tocsin is starting or stopping, and nothing of this request was written. Send it again a little later."
            )
        door = admit(self._parts.doors().find(route), token_in(scope["headers"]))
        self._check_disks()
        try:
            with Held(self._parts.room) as held:
                return await self._take_from(door, route, scope, receive, held)
        except Refused as refused:
            if refused.complaint is not None:
                self._parts.complaints.note(door, refused.complaint, refused.detail)
            raise
        except Gone:
            raise
        except Exception:
            self._parts.complaints.note(door, "fault", Broken().detail)
            raise

    async def _take_from(self, door: Door, route: Route, scope: Scope, receive: Receive, held: Held) -> Answer:
        headers: Headers = scope["headers"]
        check_encoding(headers)
        self._check_clock(door, date_off(headers, self._parts.now_millis()))
        most = max_body_bytes(door.limits, door.format, route.kind == "api_v2")
        reader = BodyReader(most, door.limits, self._parts.body_seconds, partial(self._check_bytes, door))
        body = await reader.read(headers, receive, held)
        received_at = self._parts.now_millis()
        parse_steps = prometheus.parse_steps if route.kind == "api_v2" else recognise.parse_steps
        turn = Turn((door.project, door.integration), len(body) <= LARGE_BYTES)
        parsed = await self._parts.turns.run(turn, parse_steps(body, door))
        self._check_rate(door, parsed)
        receipt = self._parts.new_receipt(door, parsed.total)
        origin = Origin(received_at, self._source(scope, parsed) if route.kind == "api_v2" else "")
        taken = await self._publish(door, receipt, parsed, origin, turn)
        _count(door, parsed, taken)
        if route.kind == "api_v2" and taken.refusals:
            return partly_accepted(receipt, taken)
        return accepted(202 if route.kind == "in" else 200, receipt, taken)

    async def _publish(self, door: Door, receipt: str, parsed: Parsed, origin: Origin, turn: Turn) -> Taken:
        if parsed.later is not None:
            cutter = Cutter(batch_of(door, receipt, parsed, origin))
            slices = self._parts.turns.each(turn, self._check_clocks(door, parsed))
            return await self._parts.publisher.publish_slowly(cutter, slices, door.limits.max_listed_refusals)
        self._check_clock(door, start_ahead(parsed.format, parsed.events, self._parts.now_millis()))
        too_large = await self._parts.publisher.publish(cut_request(door, receipt, parsed, origin))
        counted = Counted(door.limits.max_listed_refusals)
        counted.add(Slice(parsed.events, parsed.refusals))
        counted.lose(too_large)
        return counted.taken()

    def _check_disks(self) -> None:
        if self._parts.disks.shortage is not None:
            self._parts.disks.count_refusal()
            raise NoRoom(self._parts.disks.words)

    def _check_clocks(self, door: Door, parsed: Parsed) -> Iterator[Slice]:
        wrong: str | None = None
        for made in parsed.slices():
            if wrong is None:  # one complaint for a request
                wrong = start_ahead(parsed.format, made.events, self._parts.now_millis())
                self._check_clock(door, wrong)
            yield made

    def _check_clock(self, door: Door, wrong: str | None) -> None:
        if wrong is not None:
            self._parts.complaints.note(door, "clock", wrong)

    async def _read_receipt(self, receipt: str, scope: Scope) -> Answer:
        if not self._parts.is_accepting():
            raise Unreadable("tocsin is starting or stopping. Ask again a little later.")
        doors = admit_reader(self._parts.doors(), token_in(scope["headers"]))
        first = first_asked(scope.get("query_string", b""))
        told = await read_receipt(receipt, doors, self._parts.outcomes, self._parts.now_millis(), first)
        return Answer(200, msgspec.json.encode(told))

    def _source(self, scope: Scope, parsed: Parsed) -> str:
        """Tell senders of one alert apart: by their address, and by what they call themselves. Kept as a digest alone."""
        address = sender_of(scope, self._parts.trusted_proxy)
        return blake2b(f"{address} {parsed.sender}".encode(), digest_size=SOURCE_BYTES).hexdigest()

    def _check_rate(self, door: Door, parsed: Parsed) -> None:
        seconds = self._parts.rates.take(door, parsed.total)
        if not seconds:
            return
        too_many = TooMany(f"{alerts_per_minute(door):,} alerts", seconds)
        self._parts.complaints.note(door, "rate_limit", too_many.detail)
        if parsed.format == generic.FORMAT:
            raise too_many
        # Alertmanager, and what speaks as it does, sends again after 5xx alone.
        raise NotDurable(too_many.detail, too_many.seconds)

    def _check_bytes(self, door: Door, size: int) -> None:
        seconds = self._parts.rates.take_bytes(door, size)
        if seconds:
            too_many = TooMany(size_text(door.limits.max_bytes_per_minute), seconds)
            self._parts.complaints.note(door, "rate_limit", too_many.detail)
            raise NotDurable(too_many.detail, too_many.seconds)  # who it is, an Alertmanager perhaps, is not known yet


def _count(door: Door, parsed: Parsed, taken: Taken) -> None:
    metrics.EVENTS.labels(parsed.format).inc(taken.accepted)
    if taken.refusals:
        metrics.REFUSED.inc(taken.refused - taken.ignored)
    if parsed.truncated:
        metrics.TRUNCATED.inc(parsed.truncated)
        log.warning(
            "alerts_truncated", project=door.project, integration=door.integration, count=parsed.truncated, group=parsed.group_key
        )
