"""Breaks requests as HTTP: methods, paths, headers, lengths, chunks, several in one, halves, slow ones, early ends.

Not here: what a body says (`mutate_json.py`, `mutate_bytes.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from tests.fuzz import mutate_bytes

METHODS = (b"GET", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"HEAD", b"post", b"BREW", b"POST", b"")
HEADER_LIMITS = (99, 100, 101, 120)
"""Around our limit of 100 headers."""
HEAD_BYTES = (8_000, 16_000, 65_000, 66_000)
URL_BYTES = (8_100, 8_191, 8_192, 8_300)
ODD_HEADERS = (
    (b"Content-Encoding", b"gzip"), (b"Content-Encoding", b"identity"), (b"Content-Type", b"text/xml; charset=utf-16"),
    (b"Expect", b"100-continue"), (b"Upgrade", b"websocket"), (b"Connection", b"close, keep-alive"), (b"Connection", b"upgrade"),
    (b"Authorization", b"Bearer"), (b"Authorization", b"Basic Og=="), (b"Authorization", b"Basic \xff"), (b"Date", b"yesterday"),
    (b"X-Forwarded-For", b"203.0.113.7:1, ::1"), (b"Idempotency-Key", b"\x7f"), (b"Idempotency-Key", b"k" * 201), (b"", b"x"),
    (b"Accept", b""), (b"Odd Name", b"x"), (b"Odd\xfc", b"\xfc\xff"), (b"Folded", b"one\r\n two"), (b"Cookie", b"; ;=;"),
)  # fmt: skip
ODD_SEGMENTS = (
    b"..",
    b".",
    b"",
    b"%2f",
    b"%2e%2e",
    b"%00",
    b"%",
    b"%zz",
    b"%ff",
    b"\xc3\xbc",
    b"a b",
    b"?",
    b"#",
    b";x=1",
    b"0",
    b"-1",
)
ODD_LENGTHS = (b"-1", b"+5", b"0x5", b"5 5", b"", b"99999999999999999999", b"1_0", b"\xb2")
PAUSE_SECONDS = (0.05, 0.2, 0.5)


@dataclass(frozen=True, slots=True)
class Written:
    """A request as bytes.

    `is_whole`: by its framing it is one request, to which an answer is due; only a mutator that leaves it so keeps it.
    """

    method: bytes
    path: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    has_length: bool = True
    version: bytes = b"HTTP/1.1"
    is_whole: bool = True
    count: int = 1
    cuts: tuple[int, ...] = ()
    """Where the sender pauses, as places in what is sent."""
    pause_seconds: float = 0.0
    sent_share: float = 1.0
    waits: bool = True
    """Whether the sender waits for an answer; else it hangs up when all is sent."""

    def data(self) -> bytes:
        headers = self.headers
        if self.has_length and (self.body or self.method not in (b"GET", b"HEAD")):
            headers += ((b"Content-Length", str(len(self.body)).encode()),)
        lines = [b" ".join((self.method, self.path, self.version)), *(name + b": " + value for name, value in headers)]
        whole = (b"\r\n".join(lines) + b"\r\n\r\n" + self.body) * self.count
        return whole[: max(1, int(len(whole) * self.sent_share))]

    def pieces(self) -> list[bytes]:
        """Give what is sent, cut where the sender pauses."""
        data = self.data()
        places = [0, *sorted({place % len(data) for place in self.cuts} - {0}), len(data)]
        return [data[start:end] for start, end in pairwise(places)]


Mutator = Callable[[Random, Written], Written]


def method(random: Random, written: Written) -> Written:
    return replace(written, method=random.choice(METHODS), is_whole=False)


def path(random: Random, written: Written) -> Written:
    parts = written.path.split(b"/")
    at = random.randrange(1, len(parts)) if len(parts) > 1 else 0
    parts[at:at] = [random.choice(ODD_SEGMENTS)]
    return replace(written, path=b"/".join(parts), is_whole=False)


def path_bytes(random: Random, written: Written) -> Written:
    return replace(written, path=mutate_bytes.mutate(random, written.path), is_whole=False)


def long_path(random: Random, written: Written) -> Written:
    length = random.choice(URL_BYTES)
    return replace(written, path=(written.path + b"?" + b"x" * length)[:length])


def odd_header(random: Random, written: Written) -> Written:
    at = random.randrange(len(written.headers) + 1)
    headers = (*written.headers[:at], random.choice(ODD_HEADERS), *written.headers[at:])
    return replace(written, headers=headers, is_whole=False)


def header_twice(random: Random, written: Written) -> Written:
    return replace(written, headers=(*written.headers, random.choice(written.headers)))


def header_bytes(random: Random, written: Written) -> Written:
    at = random.randrange(len(written.headers))
    name, value = written.headers[at]
    changed = (name, mutate_bytes.mutate(random, value)) if random.random() < 0.7 else (mutate_bytes.mutate(random, name), value)
    return replace(written, headers=(*written.headers[:at], changed, *written.headers[at + 1 :]), is_whole=False)


def without_header(random: Random, written: Written) -> Written:
    gone = random.randrange(len(written.headers))
    return replace(written, headers=(*written.headers[:gone], *written.headers[gone + 1 :]), is_whole=False)


def many_headers(random: Random, written: Written) -> Written:
    count = random.choice(HEADER_LIMITS) - len(written.headers)
    return replace(written, headers=(*written.headers, *((f"X-{at}".encode(), b"x") for at in range(count))))


def long_header(random: Random, written: Written) -> Written:
    return replace(written, headers=(*written.headers, (b"X-Long", b"x" * random.choice(HEAD_BYTES))))


def wrong_length(random: Random, written: Written) -> Written:
    near = str(len(written.body) + random.choice((-7, -1, 1, 7, 1000))).encode()
    lengths = random.choice(((near,), (random.choice(ODD_LENGTHS),), (near, near), (near, b"5"), ()))
    headers = (*written.headers, *((b"Content-Length", length) for length in lengths))
    return replace(written, headers=headers, has_length=False, is_whole=False)


def chunked(random: Random, written: Written) -> Written:
    """Send it in chunks as one may; an answer is due."""
    body, size = b"", random.choice((1, 7, 100, 4096)) if len(written.body) < 20_000 else 65_536
    for start in range(0, len(written.body), size):
        piece = written.body[start : start + size]
        body += f"{len(piece):x}".encode() + random.choice((b"", b"", b";a=b")) + b"\r\n" + piece + b"\r\n"
    headers = (*written.headers, (b"Transfer-Encoding", b"chunked"))
    return replace(written, headers=headers, body=body + b"0\r\n\r\n", has_length=False)


def odd_chunks(random: Random, written: Written) -> Written:
    """Send it in chunks as one may not."""
    body = random.choice(
        (
            b"5\r\n",
            b"zz\r\nabc\r\n0\r\n\r\n",
            b"-1\r\n\r\n",
            b"3\r\nabcdef\r\n0\r\n\r\n",
            b"ffffffffffffffff1\r\nx",
            b"\r\n\r\n",
            b"0\r\n",
        )
    )
    headers = (*written.headers, (b"Transfer-Encoding", random.choice((b"chunked", b"Chunked, chunked", b"gzip", b"identity"))))
    return replace(written, headers=headers, body=body, has_length=random.random() < 0.3, is_whole=False)


def several(random: Random, written: Written) -> Written:
    return replace(written, count=random.randrange(2, 6)) if len(written.body) < 20_000 else written


def half(random: Random, written: Written) -> Written:
    return replace(written, sent_share=random.random(), waits=random.random() < 0.3, is_whole=False)


def slow(random: Random, written: Written) -> Written:
    cuts = tuple(random.randrange(1, 2000) for _ in range(random.randrange(1, 5)))
    return replace(written, cuts=cuts, pause_seconds=random.choice(PAUSE_SECONDS))


def hang_up(random: Random, written: Written) -> Written:
    return replace(written, waits=False, is_whole=False)


def version(random: Random, written: Written) -> Written:
    odd = random.choice((b"HTTP/1.0", b"HTTP/0.9", b"HTTP/3", b"HTTP/1.1 ", b"http/1.1", b"", b"HTTP/11"))
    return replace(written, version=odd, is_whole=False)


MUTATORS: tuple[Mutator, ...] = (
    method, path, path_bytes, long_path, odd_header, header_twice, header_bytes, without_header, many_headers, long_header,
    wrong_length, chunked, odd_chunks, several, half, slow, hang_up, version,
)  # fmt: skip


def mutate(random: Random, written: Written) -> Written:
    """Break it once or twice."""
    for _ in range(random.choice((1, 1, 2))):
        if written.headers:
            written = random.choice(MUTATORS)(random, written)
    return written
