"""The doors without a server: an application on a fake inbox, with a clock that tests set."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from producers.webhook.answers import Headers, Message
from producers.webhook.app import App, Parts
from producers.webhook.body import Room
from producers.webhook.complaints import GATHER_SECONDS, Complaints
from producers.webhook.doors import Doors, index_tokens
from producers.webhook.failures import Failures
from producers.webhook.publish import Publisher
from producers.webhook.rates import Rates
from producers.webhook.turns import Turns
from schemas.disk import Disks
from schemas.limits import Limits
from tests.unit.producers.webhook.doors import a_door
from tests.unit.producers.webhook.fakes import FakeInbox, FakeOutcomes
from tests.unit.producers.webhook.test_auth import hashed
from tests.unit.short_disks import disks_with

GOOD = (b"authorization", b"Bearer good")


def doors() -> Doors:
    settings: dict[str, Any] = {"tokens": [hashed("good")]}
    off = a_door("generic", enabled=False, **settings)
    by_name = {
        ("shop", "web"): a_door("generic", **settings),
        ("shop", "am"): a_door("alertmanager", **settings),
        ("shop", "off"): off,
        ("shop", "slow"): a_door("generic", rate_limit_per_minute=60, **settings),
    }
    return Doors(
        by_name,
        gitlab_projects={"acme/shop": "shop"},
        only_alertmanagers={"shop": "am"},
        by_token_hash=index_tokens(by_name.values()),
    )


@dataclass
class Site:
    """An application on a fake inbox."""

    inbox: FakeInbox = field(default_factory=FakeInbox)
    is_accepting: bool = True
    is_ready: bool = True
    trouble: str = ""
    disks: Disks = field(default_factory=lambda: disks_with(500))
    doors: Callable[[], Doors] = doors
    now: float = 0.0
    outcomes: FakeOutcomes = field(default_factory=FakeOutcomes)
    is_silent: bool = False
    patience_seconds: float = 5
    """Within which a body comes, and an acknowledgement: short where a test wants it to pass."""
    pauses: list[float] = field(default_factory=list)
    room: Room = field(default_factory=lambda: Room(Limits().max_large_bodies_bytes))
    hears_complaints: bool = False
    """Whether each request's complaints are sent at once; else they wait for others."""

    def __post_init__(self) -> None:
        self.rates = Rates(lambda: self.now)
        self.failures = Failures(lambda: self.now, self.pause)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def request(
        self, method: str, path: str, *chunks: bytes, headers: Headers | None = None, query: bytes = b""
    ) -> tuple[int, dict[bytes, bytes], Any]:
        """Give status, headers and body of the answer (JSON read); no answer is status 0."""
        messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        if messages:
            messages[-1]["more_body"] = self.is_silent
        answer: list[Message] = []

        async def receive() -> Message:
            if self.is_silent and not messages:
                await asyncio.Event().wait()  # the sender says nothing more, and does not hang up either
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            answer.append(message)

        async def run() -> None:
            publisher = Publisher(self.inbox, 4, self.patience_seconds)
            complaints = Complaints(publisher, GATHER_SECONDS)
            parts = Parts(
                doors=self.doors,
                publisher=publisher,
                complaints=complaints,
                room=self.room,
                is_accepting=lambda: self.is_accepting,
                is_ready=lambda: self.is_ready,
                trouble=lambda: self.trouble,
                new_receipt=lambda door, count: "01RECEIPT",
                outcomes=self.outcomes,
                now_millis=lambda: int(self.now * 1000),
                rates=self.rates,
                turns=Turns(),
                body_seconds=self.patience_seconds,
                failures=self.failures,
                disks=self.disks,
            )
            scope = {"type": "http", "method": method, "path": path, "headers": headers or [GOOD], "client": ("192.0.2.1", 50000)}
            scope["query_string"] = query
            await App(parts)(scope, receive, send)
            if self.hears_complaints:
                complaints.flush()
                publisher.flush()

        asyncio.run(run())
        if not answer:
            return 0, {}, None
        names = dict(answer[0]["headers"])
        body = answer[1]["body"]
        return answer[0]["status"], names, json.loads(body) if b"json" in names[b"content-type"] else body

    def post(self, body: bytes, integration: str = "web", headers: Headers | None = None) -> tuple[int, Any]:
        status, _, answer = self.request("POST", f"/in/shop/{integration}", body, headers=headers)
        return status, answer

    def problem(self, body: bytes, integration: str = "web", headers: Headers | None = None) -> tuple[int, str]:
        status, names, answer = self.request("POST", f"/in/shop/{integration}", body, headers=headers)
        assert names[b"content-type"] == b"application/problem+json"
        assert (answer["type"], answer["status"]) == ("about:blank", status)
        assert answer["title"]
        assert self.inbox.sent == []
        return status, answer["detail"]
