"""Reading a request's body whole, within limits. Not here: what it says (`reading.py`), the limits (`limits.py`)."""

from __future__ import annotations

import asyncio

from producers.webhook.answers import Headers, Message, Receive
from producers.webhook.limits import check_size
from producers.webhook.refused import EncodedBody, TooSlow


class Gone(Exception):
    """The sender hung up before its body was here; there is nobody to answer."""


async def read_body(headers: Headers, receive: Receive, limit: int, seconds: float) -> bytes:
    """Read a body whole.

    Raises `Gone`, `TooSlow` when it is not here within so many seconds, and `TooLarge` as soon as it is known: by its
    Content-Length before anything was read. The server throws away what still comes, so that the sender gets to see
    the answer.
    """
    declared = next((value for name, value in headers if name == b"content-length"), b"0")
    check_size(int(declared), limit)
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, limit)
    except TimeoutError as error:
        raise TooSlow(f"The body was not here within {seconds:g} s, and nothing was accepted.") from error


async def _read(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    is_more = True
    while is_more:
        message = await receive()
        chunks.append(_chunk(message))
        size += len(chunks[-1])
        check_size(size, limit)
        is_more = message.get("more_body", False)
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
