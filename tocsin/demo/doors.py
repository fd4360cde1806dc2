"""Sends the shop's alerts through the webhook's real doors, and counts what was sent and how it was answered.

httpx's exceptions end here as `Unavailable`. Not here: what is sent (`shop.py`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import msgspec

from schemas.errors import Unavailable
from tocsin.demo.shop import Body

CONNECTIONS = 8
TIMEOUT_SECONDS = 15.0
NOTHING = {"alertmanager": b'{"version": "4", "alerts": []}', "uptime": b"[]"}
"""A request with no alert in it, by integration."""


class Answer(msgspec.Struct, frozen=True):
    """What the door said: the receipt and how many alert events it took."""

    receipt: str
    accepted: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: how it was answered, and how long that took."""

    status: int
    accepted: int
    millis: float


class Doors:
    """The two integrations of the shop, each with its token."""

    def __init__(self, base: str, tokens: dict[str, str]) -> None:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self._client = httpx.Client(base_url=base, timeout=TIMEOUT_SECONDS, trust_env=False, limits=limits)
        self._headers = {
            name: {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} for name, token in tokens.items()
        }
        self.statuses: Counter[int] = Counter()
        self.accepted = 0

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def post(self, integration: str, body: Body | list[Body]) -> Sent:
        """Send one request and count it; raises `Unavailable` when nobody answers."""
        sent = self._post(integration, msgspec.json.encode(body))
        self._count([sent])
        return sent

    def storm(self, integration: str, bodies: Sequence[Body]) -> list[Sent]:
        """Send many requests over several connections; give the answers in the order of the bodies."""
        contents = [msgspec.json.encode(body) for body in bodies]
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            sent = list(pool.map(lambda content: self._post(integration, content), contents))
        self._count(sent)
        return sent

    def is_open(self, integration: str) -> bool:
        """Say whether a request with no alert in it is accepted: the door knows the integration and reaches Kafka."""
        try:
            return self._post(integration, NOTHING[integration]).status == httpx.codes.ACCEPTED
        except Unavailable:
            return False

    def _post(self, integration: str, content: bytes) -> Sent:
        begun = time.monotonic()
        try:
            response = self._client.post(f"/in/shop/{integration}", content=content, headers=self._headers[integration])
        except httpx.HTTPError as error:
            raise Unavailable(f"the webhook at {self._client.base_url} does not answer: {error!r}") from error
        millis = (time.monotonic() - begun) * 1000
        if response.status_code != httpx.codes.ACCEPTED:
            return Sent(response.status_code, 0, millis)
        return Sent(response.status_code, msgspec.json.decode(response.content, type=Answer).accepted, millis)

    def _count(self, sent: Sequence[Sent]) -> None:
        self.statuses.update(one.status for one in sent)
        self.accepted += sum(one.accepted for one in sent)
