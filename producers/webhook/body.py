"""Reading a request's body whole, within limits. Not here: what it says (`reading.py`), the limits (`limits.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from producers.webhook.answers import Headers, Message, Receive
from producers.webhook.limits import check_size, size_text
from producers.webhook.refused import EncodedBody, NotDurable, TooSlow
from schemas.limits import MEBIBYTE, Limits
from schemas.over_limit import count_over

ORDINARY_BYTES = 128 * 1024
"""Bodies up to this are not counted: as many as there are connections are held without harm."""


class Gone(Exception):
    """The sender hung up before its body was here; there is nobody to answer."""


class Room:
    """Memory for large bodies; used from the event loop alone."""

    def __init__(self, most: int) -> None:
        self.most = self.free = most


class Held:
    """What one request holds of it, until the request is answered."""

    __slots__ = ("_room", "_size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._size = 0

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.free += self._size

    def grow(self, size: int) -> None:
        """Hold room for a body of this size; raises `NotDurable` when there is none."""
        if size <= ORDINARY_BYTES or size <= self._size:
            return
        if size - self._size > self._room.free:
            count_over("max_large_bodies_bytes")
            raise NotDurable(
                f"Large requests of {size_text(self._room.most)} in all are being read, and nothing of this one was written. "
                "Send it again a little later."
            )
        self._room.free -= size - self._size
        self._size = size


@dataclass(frozen=True, slots=True)
class BodyReader:
    """Reads a body whole, of at most so many bytes, within so many seconds and one more for each MiB that came."""

    most: int
    limits: Limits
    seconds: float
    charge: Callable[[int], None] = lambda size: None
    """Told the size, before anything was read where that is declared; what it raises is raised."""

    async def read(self, headers: Headers, receive: Receive, held: Held) -> bytes:
        """Give the body.

        Raises `Gone`, `TooSlow`, and as soon as it is known (by its Content-Length before anything was read) `TooLarge`, or
        `NotDurable` where there is no room for it. The server throws away what still comes, so that the sender gets to see
        the answer.
        """
        declared = int(next((value for name, value in headers if name == b"content-length"), b"0"))
        check_size(declared, self.most, self.limits)
        if declared:
            self.charge(declared)
        held.grow(declared)
        try:
            body = await self._read(receive, held)
        except TimeoutError as error:
            count_over("max_body_seconds")
            raise TooSlow(
                f"The body was not here within {self.seconds:g} s and a second more for each MiB that came, and nothing was "
                "accepted."
            ) from error
        if not declared:
            self.charge(len(body))
        return body

    async def _read(self, receive: Receive, held: Held) -> bytes:
        began = asyncio.get_running_loop().time()
        chunks: list[bytes] = []
        size = 0
        async with asyncio.timeout(self.seconds) as timer:
            is_more = True
            while is_more:
                message = await receive()
                chunks.append(_chunk(message))
                size += len(chunks[-1])
                check_size(size, self.most, self.limits)
                is_more = message.get("more_body", False)
                if size > ORDINARY_BYTES:
                    held.grow(size)
                    timer.reschedule(began + self.seconds + size / MEBIBYTE)
        return b"".join(chunks)


def _chunk(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise Gone
    return bytes(message.get("body", b""))


def check_encoding(headers: Headers) -> None:
    """Raise `EncodedBody` for a body that is compressed."""
    for name, value in headers:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise EncodedBody("Send the body as it is, without Content-Encoding.")
