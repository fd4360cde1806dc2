"""What came back on a connection: HTTP answers read leniently, since the point is to see what was sent.

Not here: whether it is right (`judges.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n")
NO_BODY = (204, 304)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def read_answers(data: bytes, *, is_head: bool = False) -> tuple[list[Answer], bytes]:
    """Give all answers that are there whole, and the bytes that are none (yet)."""
    found: list[Answer] = []
    while (head := _STATUS.match(data)) and (end := data.find(b"\r\n\r\n")) >= 0:
        headers = _headers(data[head.end() : end + 2])
        status = int(head[1])
        body = _body(status, headers, data[end + 4 :], is_head)
        if body is None:
            break
        answer, rest = body
        if status >= 200:
            found.append(Answer(status, headers, answer))
        data = rest
    return found, data


def _headers(data: bytes) -> dict[str, str]:
    lines = [line.partition(":") for line in data.decode("latin-1").split("\r\n") if line]
    return {name.lower(): value.strip() for name, _, value in lines}


def _body(status: int, headers: dict[str, str], data: bytes, is_head: bool) -> tuple[bytes, bytes] | None:
    """Give the body and what follows it; None while it is not there whole."""
    if is_head or status < 200 or status in NO_BODY:
        return b"", data
    if headers.get("transfer-encoding") == "chunked":
        return _chunks(data)
    length = int(headers.get("content-length", "0"))
    return (data[:length], data[length:]) if len(data) >= length else None


def _chunks(data: bytes) -> tuple[bytes, bytes] | None:
    body = b""
    while b"\r\n" in data:
        line, _, data = data.partition(b"\r\n")
        length = int(line.partition(b";")[0], 16)
        if len(data) < length + 2:
            return None
        body, data = body + data[:length], data[length + 2 :]
        if not length:
            return body, data
    return None
