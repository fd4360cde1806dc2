"""The operator's application over ASGI, with a database and an inbox that the test plays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

import httpx
from fastapi import FastAPI

from producers.inbox import NO_EVENTS
from producers.operator.app import Parts, build_app
from producers.operator.commands.give import Giver
from producers.operator.commands.outcomes import Outcomes
from producers.operator.queries import Query
from producers.operator.viewers import Directory, build_directory, hash_token
from producers.oversize import Oversize
from schemas import codec
from schemas.configuration import Configuration, Person, Project, StatusPage
from schemas.disk import Disks
from schemas.records import Command, EventOutcome, Frame
from schemas.topics import partition_of
from tests.unit.producers.operator.rows import MILLIS

PARTITIONS = 4
OFFSET = 41
"""Where every command comes to stand in its partition."""
DIRECTORY = build_directory(
    Configuration(
        projects={
            "shop": Project(title="Web shop", members={"ada": "responder", "bob": "viewer", "pia": "viewer"}),
            "bank": Project(),
        },
        people={
            **{name: Person(name=name, tokens=[hash_token(name)]) for name in ("ada", "bob", "pia")},
            "root": Person(name="Root", tokens=[hash_token("root")], admin=True),
        },
        status_page=StatusPage(title="Status", url="https://status.example.com", publishers=["pia"]),
    )
)
ALERTS, INCIDENTS, SILENCES = (f"/api/v1/projects/shop/{kind}" for kind in ("alerts", "incidents", "silences"))


@dataclass
class FakeDatabase:
    """Answers with the rows of the table that is asked, or fails."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    in_force: list[dict[str, Any]] = field(default_factory=list)
    """What is asked for before a silence is made: matchers, and how many silences have these."""
    hidden: list[dict[str, Any]] = field(default_factory=list)
    """Kinds and numbers that the viewer does not see."""
    error: Exception | None = None
    asked: list[Query] = field(default_factory=list)

    async def rows(self, query: Query) -> list[Any]:
        self.asked.append(query)
        if self.error is not None:
            raise self.error
        text = query.text.replace("\n", " ")
        if "AS matchers, count(*)" in text:
            return self.in_force
        if "AS kind, i.number" in text:
            return [row for row in self.hidden if row["number"] in query.values["numbers"]]
        return next((rows for table, rows in self.tables.items() if f"FROM tocsin.{table} " in text), [])


@dataclass(frozen=True)
class Acknowledged:
    """What the broker says of a record."""

    offset: int = OFFSET
    timestamp: int = 0


@dataclass
class FakeInbox:
    """Acknowledges what is sent, or says that it was not, or never says, or refuses it by a limit."""

    answer: Acknowledged | None = field(default_factory=Acknowledged)
    is_silent: bool = False
    limit_bytes: int | None = None
    real_limit_bytes: int | None = None
    """What it takes when it is asked for its limit."""
    sent: list[tuple[int, Command]] = field(default_factory=list)

    def send(self, partition: int, value: bytes, events: bytes = NO_EVENTS) -> asyncio.Future[Any]:
        (command,) = codec.decode(value, Frame).items
        assert isinstance(command, Command)
        self.sent.append((partition, command))
        is_refused = self.limit_bytes is not None and len(value) > self.limit_bytes
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if not self.is_silent:
            done.set_result(Oversize("inbox", self.limit_bytes) if is_refused else self.answer)
        return done

    async def ask_room(self) -> int | None:
        self.limit_bytes = self.real_limit_bytes
        return self.limit_bytes

    @property
    def oversize_reason(self) -> str:
        return Oversize("inbox", self.limit_bytes).reason


@dataclass
class Client:
    database: FakeDatabase = field(default_factory=FakeDatabase)
    directory: Callable[[], Directory] = lambda: DIRECTORY
    inbox: FakeInbox = field(default_factory=FakeInbox)
    patience_seconds: float = 2
    is_accepting: bool = True
    disks: Disks | None = None

    def ask(
        self, method: str, path: str, token: str | None = "ada", body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(build(), raise_app_exceptions=False)
            said = {**({} if token is None else {"Authorization": f"Bearer {token}"}), **(headers or {})}
            content = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
            async with httpx.AsyncClient(transport=transport, base_url="http://operator") as client:
                return await client.request(method, path, headers=said, **content)

        _Current.client = self
        return asyncio.run(ask())

    def get(self, path: str, token: str | None = "ada") -> httpx.Response:
        return self.ask("GET", path, token)


class _Current(Giver):
    """Stands in the application for the parts of the client that asks: building one takes longer than most tests."""

    client: ClassVar[Client]

    def __init__(self) -> None:
        """Have no parts of its own."""

    async def rows(self, query: Query) -> list[Any]:
        return await self.client.database.rows(query)

    async def give(self, command: Command) -> list[EventOutcome] | None:
        asking = self.client
        outcomes = Outcomes(asking.database, lambda _: asyncio.sleep(0))  # the database that is played knows at once
        patience = asking.patience_seconds
        return await Giver(asking.inbox, outcomes, PARTITIONS, patience, patience, asking.disks).give(command)

    async def is_ready(self) -> bool:
        return self.client.database.error is None


@cache
def build() -> FastAPI:
    """Build the application, once."""
    current = _Current()
    parts = Parts(
        database=current,
        directory=lambda: current.client.directory(),
        is_accepting=lambda: current.client.is_accepting,
        is_ready=current.is_ready,
        giver=current,
        now_millis=lambda: MILLIS,
        random_bytes=bytes,
    )
    return build_app(parts)


def outcome_row(*events: dict[str, Any], project: str = "shop") -> dict[str, Any]:
    """What became of a command, where the fake inbox puts it."""
    numbered = [{"index": index, **event} for index, event in enumerate(events)]
    return {"partition": partition_of(project, PARTITIONS), "inbox_offset": OFFSET, "item": 0, "events": numbered}


def problem(response: httpx.Response) -> tuple[int, str, str]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert sorted(body) == ["detail", "status", "title", "type"]
    assert body["status"] == response.status_code
    return response.status_code, body["title"], body["detail"]
