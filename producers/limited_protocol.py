"""One HTTP connection within limits: uvicorn's protocol keeps none of a request's head, and waits for ever.

Sizes are kept while bytes come, by httptools' callbacks and, for what httptools still holds back (a header that does not
end), by counting what is fed. Times are kept by deadlines that the server looks at once a second (`serve.py`), which costs
a request less than timers. Not here: who may connect (`accept.py`), what a body may be (the applications).

The class is over 100 lines since it is one state machine: waiting, head, body, answer, refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httptools
from uvicorn import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from producers.places import Place
from producers.raw_answer import MALFORMED, RawAnswer, Refusals
from schemas.limits import Limits
from schemas.over_limit import count_over

LINGER_SECONDS = 1.0
"""After a refusal, for the sender to read it: closing while it still sends would throw the answer away."""
LINGER_BYTES = 1024 * 1024
HEADER_FRAME_BYTES = len(": \r\n")
CHUNK_FRAME_BYTES = len("0123456789abcdef\r\n\r\n")
"""What a chunk of a body may take beside its bytes without being counted as part of the head."""
ANSWER_BYTES_PER_SECOND = 64 * 1024
NEVER = float("inf")


class _Stop(Exception):
    """Ends the parser's work inside a callback."""


class LimitedProtocol(HttpToolsProtocol):
    """See `Limits` for what is kept; `count_answer` is told the status of each answer that no application gave.

    What each request goes through is written out here, without what uvicorn does there for WebSockets and timers: so the
    limits cost no more than they replace.
    """

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], limits: Limits, refusals: Refusals,
        place: Place, count_answer: Callable[[int], None],
    ) -> None:  # fmt: skip
        super().__init__(config, server_state, app_state)
        self._limits = limits
        self._refusals = refusals
        self._place = place
        self._count_answer = count_answer
        self._max_header_bytes = limits.max_header_bytes
        self._max_headers = limits.max_headers
        self._max_target_bytes = limits.max_target_bytes
        self._deadline = self._write_deadline = NEVER
        self._waiting_since = 0.0
        self._refusal: RawAnswer | None = None
        self._is_body = False
        """Whether a head was complete and its body is not."""
        self._running: Any = None
        """The request that the application is at; `cycle` is the last that came, which may wait behind it."""
        self._is_ending = False
        self._unanswered = self._ended = 0
        self._fed = self._frame_bytes = self._body_bytes = self._thrown_away = 0
        """In the order of use: bytes of a message with what is being fed; those of them that are no body; all of bodies."""

    # -- what the transport says --------------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        self._deadline = self._waiting_since + self._limits.max_head_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        self._place.free()
        running = self._running
        if running is not None and not running.response_complete:  # else its answer goes to a transport that is gone
            running.disconnected = True
            running.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            self._throw_away(len(data))
            return
        scope, ended, body_bytes = self.scope, self._ended, self._body_bytes
        self._fed = self._frame_bytes + len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.send_400_response("")
        except httptools.HttpParserUpgrade:
            pass  # to nothing that we speak; the request itself is answered as any other
        cycle: Any = self.cycle
        if cycle is None or cycle.scope is not self.scope or self._is_body:
            self._look_at_unfinished(scope, len(data) + body_bytes - self._body_bytes if self._ended == ended else 0)

    def _look_at_unfinished(self, scope: Any, frame_bytes: int) -> None:
        """Count what a message has had so far beside its body: its head, chunk sizes and extensions, trailers."""
        if self._refusal is not None:
            return
        if self.scope is not scope and self._is_head and self.cycle is not None:  # the first has its time since it connected
            self._deadline = self.loop.time() + self._limits.max_head_seconds
        self._frame_bytes = max(0, self._frame_bytes + frame_bytes)
        if self._frame_bytes > self._max_header_bytes + self._max_target_bytes:
            count_over("max_header_bytes")
            self._refuse(self._refusals.header_bytes)

    def pause_writing(self) -> None:
        super().pause_writing()
        seconds = self._limits.max_answer_seconds + self.transport.get_write_buffer_size() / ANSWER_BYTES_PER_SECOND
        self._write_deadline = self.loop.time() + seconds

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_deadline = NEVER

    # -- what the parser says -----------------------------------------------------------------------------------------

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > self._max_target_bytes:
            count_over("max_target_bytes")
            self._stop(self._refusals.target)

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self.headers
        if len(headers) >= self._max_headers:
            count_over("max_headers")
            self._stop(self._refusals.headers)
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._fed > self._max_header_bytes:
            self._check_header_bytes()
        if self._unanswered >= self._limits.max_pipelined_requests:
            count_over("max_pipelined_requests")
            self._stop(self._refusals.pipelined)
        super().on_headers_complete()
        self._is_body = True
        self._unanswered += 1
        self._deadline = NEVER
        self.headers = []  # for trailers: nobody asked for them, and they must not pass for headers

    def _check_header_bytes(self) -> None:
        size = sum(len(name) + len(value) + HEADER_FRAME_BYTES for name, value in self.headers)
        if size > self._max_header_bytes:
            count_over("max_header_bytes")
            self._stop(self._refusals.header_bytes)

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_chunk_header(self) -> None:
        self._frame_bytes -= CHUNK_FRAME_BYTES

    def on_message_complete(self) -> None:
        self._is_body = False
        self._ended += 1
        self._fed = self._frame_bytes = 0
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()
        elif not self._unanswered:
            self._wait()

    # -- what the application says ------------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Go on after an answer, as uvicorn does, but for its timer."""
        self._unanswered -= 1
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal is not None:
            self._say_refusal()
        elif self._is_body:  # the rest of what was answered already is thrown away
            self._deadline = self.loop.time() + self._limits.max_body_seconds
        elif self.scope is self.cycle.scope:
            self._wait()

    # -- what the server asks -----------------------------------------------------------------------------------------

    @property
    def network(self) -> str:
        return self._place.network

    @property
    def waiting_since(self) -> float | None:
        """Since when it could be closed without harm: it has said nothing yet, or has all its answers."""
        is_busy = self._is_body or self._is_head or self._unanswered or self.flow.write_paused or self._refusal is not None
        return None if is_busy or self.transport.is_closing() else self._waiting_since

    @property
    def _is_head(self) -> bool:
        """Whether a head has begun and is not complete: each has a scope, and gets a cycle at its end."""
        scope: Any = self.scope
        cycle: Any = self.cycle
        return scope is not None and (cycle is None or cycle.scope is not scope)

    def check(self, now: float) -> None:
        """Close what has taken too long; called once a second."""
        if self.transport.is_closing() and not self._is_ending:
            self._is_ending = True
            self._deadline = now + self._limits.max_answer_seconds
        if now >= self._write_deadline or (self._is_ending and now >= self._deadline):
            count_over("max_answer_seconds")
            self.transport.abort()
        elif now >= self._deadline:
            self._end_wait(now)

    def _end_wait(self, now: float) -> None:
        if self._refusal is not None:
            self.transport.close()
        elif self.flow.read_paused:  # we keep it from going on
            self._deadline = now + self._limits.max_head_seconds
        elif self._is_head:
            count_over("max_head_seconds")
            self._refuse(self._refusals.slow_head)
        elif self._is_body:
            count_over("max_body_seconds")
            self.transport.close()
        elif self.cycle is None:
            count_over("max_head_seconds")
            self.transport.close()
        else:
            count_over("max_idle_seconds")
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser does not take, and what we stopped it at."""
        self._refuse(self._refusal or MALFORMED)

    # -- refusing -----------------------------------------------------------------------------------------------------

    def _stop(self, refusal: RawAnswer) -> None:
        self._refusal = refusal
        raise _Stop

    def _refuse(self, refusal: RawAnswer) -> None:
        """Take nothing more, and say why once the requests before have their answers."""
        self._refusal = refusal
        self._deadline = NEVER
        if self._is_body and not self._drop_request():
            self.transport.close()
        elif not self._unanswered:
            self._say_refusal()

    def _drop_request(self) -> bool:
        """Take the request whose body goes wrong from the application; False when that is answering it already."""
        cycle = self.cycle
        if cycle.response_started:
            return False
        self._unanswered -= 1
        if self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()
        else:
            cycle.disconnected = True
            cycle.message_event.set()
        return True

    def _say_refusal(self) -> None:
        assert self._refusal is not None
        self._count_answer(self._refusal.status)
        self.transport.write(self._refusal.render())
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.time() + LINGER_SECONDS
        self.flow.resume_reading()

    def _throw_away(self, count: int) -> None:
        self._thrown_away += count
        if self._thrown_away > LINGER_BYTES and not self._unanswered:
            self.transport.close()

    def _wait(self) -> None:
        self._waiting_since = self.loop.time()
        self._deadline = self._waiting_since + self._limits.max_idle_seconds
