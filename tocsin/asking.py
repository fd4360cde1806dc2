"""One HTTP request of the command line to one of tocsin's doors, and what its answer means for the command.

httpx's exceptions end here, as `Unavailable`; a door's refusal becomes `RefusedByDoor`. Not here: what is asked.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from schemas.errors import OperatorError, Unavailable

TIMEOUT_SECONDS = 15.0
"""Longer than a door's own patience with Kafka or PostgreSQL (5 s), so that its own answer is what one sees."""
IN_ALL_SECONDS = 60.0
"""For a whole answer: 50,000 outcomes over a slow line. Each part of it may take `TIMEOUT_SECONDS`, which ends no drip."""
MOST_BYTES = 64 * 1024 * 1024
"""Of an answer: ten times the largest, which is that about 50,000 alerts."""
Query = Sequence[tuple[str, str]]
PENDING = 202
REFUSED = 409


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a command: pending ones say where to look for what becomes of it."""

    is_pending: bool
    content: bytes
    location: str


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer as it came, whole."""

    status: int
    reason_phrase: str
    location: str
    content: bytes


class RefusedByDoor(OperatorError):
    """A door answered 4xx: the request must change before this can work."""


class Asking:
    """Asks one address with one token, which goes nowhere else; a transport may stand in for the network."""

    def __init__(
        self,
        url: str,
        token: str,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self._monotonic = monotonic
        if not token.isascii():
            raise OperatorError("the token has characters that no token of tocsin has: copy it anew")
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        # A proxy of the environment is for the world outside: this machine's own doors are not behind it.
        self._client = httpx.Client(
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            trust_env=not _is_this_machine(url),
            transport=transport,
            follow_redirects=False,
        )

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, query: Query = ()) -> bytes:
        """Read a path; gives the body. Raises `RefusedByDoor`, `Unavailable`."""
        return self._ask("GET", path, query)

    def post(self, path: str, body: Any) -> bytes:
        """Post JSON; gives the answer's body. Raises `RefusedByDoor`, `Unavailable` (then it may have been taken)."""
        return self._ask("POST", path, content=msgspec.json.encode(body), headers={"Content-Type": "application/json"})

    def change(self, method: str, path: str, body: Any) -> Answer:
        """Ask for something to be changed. Raises `RefusedByDoor`, `Unavailable` (then it may have been taken)."""
        answer = self._request(method, path, content=msgspec.json.encode(body), headers={"Content-Type": "application/json"})
        if answer.status == PENDING and not answer.location.startswith("/"):  # else it could lead to another host
            raise Unavailable(f"no operator API of this tocsin's version answers at {self.url}: it names no place to look at")
        return Answer(answer.status == PENDING, answer.content, answer.location)

    def look(self, path: str) -> Answer:
        """Read a path that may say that something is still pending."""
        answer = self._request("GET", path)
        return Answer(answer.status == PENDING, answer.content, path)

    def _ask(self, method: str, path: str, query: Query = (), **said: Any) -> bytes:
        return self._request(method, path, query, **said).content

    def _request(self, method: str, path: str, query: Query = (), **said: Any) -> _Reply:
        try:
            answer = self._exchange(method, path, query, **said)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # also of an address that a redirect names
            raise Unavailable(f"{self.url} does not answer: {error}") from error
        if httpx.codes.is_success(answer.status):
            return answer
        if httpx.codes.is_redirect(answer.status):
            where = "your token is not taken there. Write the address itself as TOCSIN_URL"
            raise RefusedByDoor(f"{self.url} answers {answer.status}, which leads to another address: {where}")
        if answer.status == REFUSED and (reason := _reason(answer)):
            raise RefusedByDoor(reason)
        said_why = f"{self.url} answers {answer.status}: {_detail(answer)}"
        raise Unavailable(said_why) if httpx.codes.is_server_error(answer.status) else RefusedByDoor(said_why)

    def _exchange(self, method: str, path: str, query: Query, **said: Any) -> _Reply:
        deadline = self._monotonic() + IN_ALL_SECONDS
        content = bytearray()
        with self._client.stream(method, self.url + path, params=list(query), **said) as answer:
            if answer.headers.get("content-encoding", "identity") != "identity":  # a small one can be a large one, unpacked
                raise Unavailable(f"{self.url} answers packed, which was not asked for")
            for part in answer.iter_bytes():
                content += part
                if len(content) > MOST_BYTES:
                    raise Unavailable(f"{self.url} answers with more than {MOST_BYTES} bytes, as no door of tocsin does")
                if self._monotonic() > deadline:
                    raise Unavailable(f"{self.url} did not finish its answer within {IN_ALL_SECONDS:g} s")
        return _Reply(answer.status_code, answer.reason_phrase, answer.headers.get("location", ""), bytes(content))


class _Problem(msgspec.Struct, frozen=True):
    detail: str


def _detail(answer: _Reply) -> str:
    """Read problem details (RFC 9457); another server in front of ours may answer otherwise."""
    try:
        return msgspec.json.decode(answer.content, type=_Problem).detail
    except msgspec.DecodeError:
        return answer.reason_phrase or "no reason given"


class _Refused(msgspec.Struct, frozen=True):
    reason: str


def _reason(answer: _Reply) -> str | None:
    """Read why a command is impossible as things are; None when the answer is no such one."""
    try:
        return msgspec.json.decode(answer.content, type=_Refused).reason
    except msgspec.DecodeError:
        return None


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
