"""The commands under `/api/v1`: a path for each verb, made from the one table of commands.

All work alike: what it is about must be seen, the request is checked, the command given, its outcome answered.
Not here: who may (`permissions.py`), checking (`requests.py`), waiting (`give.py`), answers (`answers.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import msgspec
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from producers.operator import queries, shapes
from producers.operator.api import MAX_NUMBER, Number
from producers.operator.commands.answers import answer_outcome, answer_pending
from producers.operator.commands.give import Giver
from producers.operator.commands.outcomes import read_events
from producers.operator.commands.pending import Pending
from producers.operator.commands.requests import Asked, Kind, read_request
from producers.operator.filters import read_matchers
from producers.operator.muting import count_muted
from producers.operator.permissions import TARGETS, check_permission, viewer_of
from producers.operator.problems import NotFound
from producers.operator.queries import Query, Scope
from producers.operator.reading import ReadModel, answer
from producers.operator.silences import Silences
from schemas.commands import ARGUMENTS, BULK_VERBS, Arguments, Silence
from schemas.matcher_warnings import OPEN
from schemas.records import Command

Handler = Callable[..., Awaitable[Response]]
SEEN: dict[str, Callable[[Scope, int], Query]] = {"alert": queries.one_alert, "incident": queries.one_incident}
CREATE_INCIDENT, CREATE_SILENCE = Kind("incident", "create", has_number=False), Kind("silence", "create", has_number=False)
EDIT_SILENCE, EXPIRE_SILENCE = Kind("silence", "edit"), Kind("silence", "expire")


@dataclass(frozen=True, slots=True)
class Commands:
    """The handlers."""

    model: ReadModel
    silences: Silences
    giver: Giver
    pending: Pending

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/api/v1/projects/{project}", dependencies=[Depends(check_permission)])
        for target in TARGETS:
            for verb in ARGUMENTS[target]:
                _add(router, f"/{target}s/{{number}}/{verb}", self._about_one(Kind(target, verb)), Kind(target, verb))
        for verb in BULK_VERBS:
            _add(router, f"/alerts/{verb}", self._about_none(many := Kind("alert", verb, has_number=False)), many)
        _add(router, "/incidents", self._about_none(CREATE_INCIDENT), CREATE_INCIDENT)
        _add(router, "/silences/preview", self.preview, CREATE_SILENCE, name="silence-preview")
        _add(router, "/silences", self._about_none(CREATE_SILENCE), CREATE_SILENCE)
        _add(router, "/silences/{id}", self.edit_silence, EDIT_SILENCE, method="PUT")
        _add(router, "/silences/{id}", self.expire_silence, EXPIRE_SILENCE, method="DELETE")
        router.add_api_route("/commands/{command_id:path}", self.command)
        return router

    async def edit_silence(self, request: Request, project: str, id: str) -> Response:
        """Change a silence; other matchers make a new one and expire the old."""
        return await self._about_silence(request, project, id, EDIT_SILENCE)

    async def expire_silence(self, request: Request, project: str, id: str) -> Response:
        """End a silence now."""
        return await self._about_silence(request, project, id, EXPIRE_SILENCE)

    async def preview(self, request: Request, project: str) -> Response:
        """Say how many alerts of the last 7 days a silence would have muted; makes none."""
        scope = await self.model.scope(request, project)
        asked = await read_request(request, CREATE_SILENCE, scope.viewer, self.pending.new_id, self.model.limits)
        assert isinstance(asked.arguments, Silence)
        count = await self._count_muted(scope, asked.arguments)
        return answer(shapes.MutedCount(count, self._warnings(scope, asked) or msgspec.UNSET))

    async def command(self, request: Request, project: str, command_id: str) -> Response:
        """Say what became of a command, as its own answer would have: to who gave it, and to admins."""
        scope = await self.model.scope(request, project)
        found = await self.model.database.rows(queries.command_outcome(scope, command_id, _is_admin(request, project)))
        if found:
            events = read_events(found[0]["events"])
            return await answer_outcome(self.model, scope, events, self.silences.now(), is_many=False)
        if not self.pending.may_be(project, scope.viewer, command_id):
            raise NotFound
        return answer_pending(project, command_id)

    def _about_one(self, kind: Kind) -> Handler:
        async def handle(request: Request, project: str, number: Number) -> Response:
            scope = await self.model.scope(request, project)
            await self.model.one(SEEN[kind.target](scope, number))
            return await self._carry_out(request, scope, kind, number)

        return handle

    def _about_none(self, kind: Kind) -> Handler:
        async def handle(request: Request, project: str) -> Response:
            return await self._carry_out(request, await self.model.scope(request, project), kind, None)

        return handle

    async def _about_silence(self, request: Request, project: str, id: str, kind: Kind) -> Response:
        scope = await self.model.scope(request, project)
        await self.model.one(queries.one_silence(project, id, self.silences.now()))
        return await self._carry_out(request, scope, kind, _number_of(id))

    async def _carry_out(self, request: Request, scope: Scope, kind: Kind, number: int | None) -> Response:
        asked = await read_request(request, kind, scope.viewer, self.pending.new_id, self.model.limits)
        if isinstance(asked.arguments, Silence):
            await self.silences.check(scope, asked.arguments.matchers, "" if number is None else str(number))
        arguments = await self._complete(scope, asked)
        data = msgspec.json.encode(arguments)
        command = Command(scope.project, asked.command_id, scope.viewer, kind.verb, kind.target, number, data)
        events = await self.giver.give(command)
        if events is None:
            self.pending.remember(scope.project, scope.viewer, asked.command_id)
            return answer_pending(scope.project, asked.command_id)
        return await answer_outcome(
            self.model, scope, events, self.silences.now(),
            is_many=kind.target == "alert" and not kind.has_number,
            done_status=201 if kind.creates else 200,
            warnings=self._warnings(scope, asked),
        )  # fmt: skip

    def _warnings(self, scope: Scope, asked: Asked) -> list[str]:
        """Say what is odd about the matchers that a command names."""
        matchers = getattr(asked.arguments, "matchers", None) or ()
        return self.model.warnings(scope.project, read_matchers(matchers, self.model.limits), OPEN)

    async def _complete(self, scope: Scope, asked: Asked) -> Arguments:
        """Put into a silence what it would have muted of what all may see, since all may read it there."""
        if not isinstance(asked.arguments, Silence):
            return asked.arguments
        for_all = replace(scope, viewer="", sees_confidential=False)
        return msgspec.structs.replace(asked.arguments, muted_7d=await self._count_muted(for_all, asked.arguments) or 0)

    async def _count_muted(self, scope: Scope, silence: Silence) -> int | None:
        matchers = read_matchers(silence.matchers, self.model.limits)
        return await count_muted(self.model.database, scope, matchers, self.silences.now())


def _add(router: APIRouter, path: str, handler: Handler, kind: Kind, *, method: str = "POST", name: str = "") -> None:
    """Add a command's path, described by the schema of its arguments."""
    name = name or f"{kind.target}{'' if kind.has_number else 's'}-{kind.verb}"
    router.add_api_route(path, handler, methods=[method], name=name, operation_id=name)


def _is_admin(request: Request, project: str) -> bool:
    return viewer_of(request).role_in(project) == "admin"


def _number_of(id: str) -> int:
    """Give the number that a silence's id is; raises `NotFound`."""
    if not (id.isascii() and id.isdigit() and 0 < int(id) <= MAX_NUMBER):
        raise NotFound
    return int(id)
