"""Requests that are not answered with what they asked for, as problem details (RFC 9457), one class for each status.

Not here: what makes a request one of them.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec
from starlette.responses import Response

from schemas.errors import SenderError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "2"


class Problem(SenderError):
    """A request that gets no 2xx; `detail` says what to do about it."""

    status: ClassVar[int]
    title: ClassVar[str]
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def response(self) -> Response:
        return render_problem(self.status, self.title, self.detail, self.headers)


class Unauthorized(Problem):
    status, title = 401, "Unauthorized"
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="tocsin"'}

    def __init__(self) -> None:
        super().__init__("Send a token of yours as 'Authorization: Bearer TOKEN'; 'tocsin token new --person' makes one.")


class Forbidden(Problem):
    """One may see it, and not do it."""

    status, title = 403, "Forbidden"

    def __init__(self, need: str) -> None:
        super().__init__(f"This needs {need}.")


class NotFound(Problem):
    """What is not there and what one may not see look alike."""

    status, title = 404, "Not found"

    def __init__(self) -> None:
        super().__init__("There is nothing here that you may see.")


class Malformed(Problem):
    status, title = 422, "Malformed"


class NotNow(Problem):
    status, title = 503, "Not available now"
    headers: ClassVar[dict[str, str]] = {"Retry-After": RETRY_AFTER_SECONDS}

    def __init__(self) -> None:
        super().__init__("The database does not answer. Nothing is lost: alerts are still taken. Ask again in a moment.")


class Starting(Problem):
    """Nobody is known before the configuration was read: a token that is good would be refused."""

    status, title = 503, "Not available now"
    headers: ClassVar[dict[str, str]] = {"Retry-After": RETRY_AFTER_SECONDS}

    def __init__(self) -> None:
        super().__init__("tocsin is starting and has not read its configuration yet. Ask again in a moment.")


class NoRoom(Problem):
    """The disk that Kafka writes to is nearly full; reading goes on."""

    status, title = 503, "No room"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}

    def __init__(self, lack: str) -> None:
        super().__init__(f"The command is not carried out: {lack}. Give it again when there is room on that disk.")


class TooLarge(Problem):
    status, title = 413, "Too large"


class TooSlow(Problem):
    status, title = 408, "Too slow"
    headers: ClassVar[dict[str, str]] = {"Connection": "close"}  # what still comes would be taken for the next request


class NotDurable(Problem):
    """The broker did not acknowledge a command; it may be carried out all the same."""

    status, title = 503, "Not available now"
    headers: ClassVar[dict[str, str]] = {"Retry-After": RETRY_AFTER_SECONDS}

    def __init__(self, command_id: str) -> None:
        super().__init__(
            "Kafka did not acknowledge the command in time; it may still be carried out. "
            f"Send it again with command_id {command_id!r}: then it is carried out once at most."
        )


def render_problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Write the problem details object."""
    body = msgspec.json.encode({"type": "about:blank", "title": title, "status": status, "detail": detail})
    return Response(body, status, headers, MEDIA_TYPE)
