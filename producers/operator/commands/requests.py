"""A command's request: its body, checked, and the id that makes it the same command when it is sent again.

Not here: the shapes of arguments (`schemas/commands.py`), who may ask (`permissions.py`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request

from producers.operator.problems import Malformed, TooLarge, TooSlow
from schemas.commands import Arguments, MalformedCommand, arguments_type, read_arguments
from schemas.limits import Limits
from schemas.matcher_limits import check_silence, read_matchers
from schemas.matcher_syntax import InvalidMatcher
from schemas.over_limit import count_over
from schemas.records import Command

MAX_BODY_BYTES = 512 * 1024
"""Twice the longest description, written in the longest way, and as much as an inbox record may hold."""
ME = "me"
_ID = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_NUL, _REPLACEMENT = "\0", "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Kind:
    """Which command: what it is about, its verb, and whether it names one thing."""

    target: str
    verb: str
    has_number: bool = True

    @property
    def creates(self) -> bool:
        return self.verb in ("create", "create-incident")

    @property
    def arguments(self) -> type[Arguments]:
        found = arguments_type(self.target, self.verb, self.has_number)
        assert found is not None, self
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says, beside its path."""

    command_id: str
    arguments: Arguments


async def read_request(request: Request, kind: Kind, actor: str, new_id: Callable[[], str], limits: Limits) -> Asked:
    """Read and check a request; raises `Malformed` with what is wrong and where, `TooLarge`, `TooSlow`."""
    fields = _read_object(await _read_body(request, limits.max_body_seconds))
    said = fields.pop("command_id", None)
    command_id = said if said is not None else request.headers.get("idempotency-key") or new_id()
    if not isinstance(command_id, str) or not _ID.fullmatch(command_id):
        raise Malformed("command_id: a text of 1 to 200 characters, without control characters")
    if fields.get("assignee") == ME:
        fields["assignee"] = actor
    _check_matchers(fields.get("matchers"), limits)
    data = msgspec.json.encode(fields)
    try:
        arguments = read_arguments(Command("", command_id, actor, kind.verb, kind.target, 1 if kind.has_number else None, data))
    except MalformedCommand as error:
        raise Malformed(str(error)) from error
    return Asked(command_id, arguments)


def _check_matchers(said: Any, limits: Limits) -> None:
    """Refuse matchers that cost too much before anything reads them; raises `Malformed`."""
    if not isinstance(said, list) or not all(isinstance(text, str) for text in said):
        return  # there are none; what is wrong with others is said by whoever reads them
    try:
        check_silence(read_matchers(said, limits), limits)
    except InvalidMatcher as error:
        raise Malformed(f"matchers: {error}") from error


async def _read_body(request: Request, seconds: float) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_BODY_BYTES:
                    raise TooLarge(f"A command has at most {MAX_BODY_BYTES // 1024} KiB.")
    except TimeoutError as error:
        count_over("max_body_seconds")
        raise TooSlow(f"The body was not here within {seconds:g} s, and nothing was done.") from error
    return bytes(body)


def _read_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; no body is one without fields."""
    try:
        return _without_nul(msgspec.json.decode(body or b"{}", type=dict[str, Any]))  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:  # ValidationError is a DecodeError
        raise Malformed(f"The body is not a JSON object: {error}") from error


def _without_nul(value: Any) -> Any:
    """Replace NUL, which PostgreSQL cannot hold (BEHAVIOUR 2); other control characters are the reader's to show."""
    match value:
        case str():
            return value.replace(_NUL, _REPLACEMENT)
        case list():
            return [_without_nul(item) for item in value]
        case dict():
            return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return value
