"""One HTTP request of the command line to one of tocsin's doors, and what its answer means for the command.

httpx's exceptions end here, as `Unavailable`; a door's refusal becomes `RefusedByDoor`. Not here: what is asked.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from schemas.errors import OperatorError, Unavailable

TIMEOUT_SECONDS = 15.0
"""Longer than a door's own patience with Kafka or PostgreSQL (5 s), so that its own answer is what one sees."""
Query = Sequence[tuple[str, str]]
PENDING = 202
REFUSED = 409


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a command: pending ones say where to look for what becomes of it."""

    is_pending: bool
    content: bytes
    location: str


class RefusedByDoor(OperatorError):
    """A door answered 4xx: the request must change before this can work."""


class Asking:
    """Asks one address with one token; a transport may stand in for the network."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url
        if not token.isascii():
            raise OperatorError("the token has characters that no token of tocsin has: copy it anew")
        headers = {"Authorization": f"Bearer {token}"}
        # A proxy of the environment is for the world outside: this machine's own doors are not behind it.
        self._client = httpx.Client(
            headers=headers, timeout=TIMEOUT_SECONDS, trust_env=not _is_this_machine(url), transport=transport
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
        return Answer(answer.status_code == PENDING, answer.content, answer.headers.get("location", ""))

    def look(self, path: str) -> Answer:
        """Read a path that may say that something is still pending."""
        answer = self._request("GET", path)
        return Answer(answer.status_code == PENDING, answer.content, path)

    def _ask(self, method: str, path: str, query: Query = (), **said: Any) -> bytes:
        return self._request(method, path, query, **said).content

    def _request(self, method: str, path: str, query: Query = (), **said: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, self.url + path, params=list(query), **said)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as error:
            raise Unavailable(f"{self.url} does not answer: {error}") from error
        if answer.is_success:
            return answer
        if answer.status_code == REFUSED and (reason := _reason(answer)):
            raise RefusedByDoor(reason)
        said_why = f"{self.url} answers {answer.status_code}: {_detail(answer)}"
        raise Unavailable(said_why) if answer.is_server_error else RefusedByDoor(said_why)


class _Problem(msgspec.Struct, frozen=True):
    detail: str


def _detail(answer: httpx.Response) -> str:
    """Read problem details (RFC 9457); another server in front of ours may answer otherwise."""
    try:
        return msgspec.json.decode(answer.content, type=_Problem).detail
    except msgspec.DecodeError:
        return answer.reason_phrase or "no reason given"


class _Refused(msgspec.Struct, frozen=True):
    reason: str


def _reason(answer: httpx.Response) -> str | None:
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
