"""What the fake Slack was told, as it tells it itself. httpx's exceptions end here as `Unavailable`.

Not here: the fake (`tocsin/embedded/fake_slack`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from schemas.errors import Unavailable

TIMEOUT_SECONDS = 10.0


class Message(msgspec.Struct, frozen=True):
    """A message as it is now; a reply has a `thread_ts`."""

    channel: str
    ts: str
    text: str
    edits: int = 0
    thread_ts: str | None = None


class Arguments(msgspec.Struct, frozen=True):
    channel: str = ""
    text: str = ""
    ts: str = ""
    thread_ts: str | None = None


class Call(msgspec.Struct, frozen=True):
    """One call of Slack's Web API. `result` is ok, or why not."""

    method: str
    arguments: Arguments
    result: str


class FakeSlack:
    """Reads what has come; `news` remembers what it has told already."""

    def __init__(self, api_url: str) -> None:
        where = urlsplit(api_url)
        self._client = httpx.Client(base_url=f"{where.scheme}://{where.netloc}", timeout=TIMEOUT_SECONDS, trust_env=False)
        self._told = 0

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def counts(self) -> tuple[int, int, int]:
        """Count messages, those that now say resolved, and replies in threads."""
        messages = self._messages()
        heads = [message for message in messages if message.thread_ts is None]
        resolved = [message for message in heads if ", resolved: " in message.text]
        return len(heads), len(resolved), len(messages) - len(heads)

    def totals(self) -> tuple[int, int, int]:
        """Count messages, edits, and replies in threads."""
        messages = self._messages()
        heads = [message for message in messages if message.thread_ts is None]
        return len(heads), sum(message.edits for message in heads), len(messages) - len(heads)

    def shows(self, title: str, status: str) -> bool:
        """Say whether a message of this title now says this status."""
        return any(f", {status}: {title} (" in message.text for message in self._messages() if message.thread_ts is None)

    def news(self) -> list[str]:
        """Tell what was posted, edited and replied since the last time; edits in a row are one line."""
        calls = self._get("/_calls", list[Call])
        new = [call for call in calls[self._told :] if call.method.startswith("chat.")]
        self._told = len(calls)
        return list(tell_calls(new))

    def _messages(self) -> list[Message]:
        messages: list[Message] = self._get("/_messages", list[Message])
        return messages

    def _get(self, path: str, kind: Any) -> Any:
        try:
            response = self._client.get(path)
            response.raise_for_status()
            return msgspec.json.decode(response.content, type=kind)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise Unavailable(f"the fake Slack at {self._client.base_url}: {error}") from error


def tell_calls(calls: list[Call]) -> Iterator[str]:
    """Say each call in a line; edits of one message in a row are one."""
    for (verb, channel, _), group in groupby(calls, key=_what):
        alike = list(group)
        times = f" {len(alike)} times" if len(alike) > 1 else ""
        refused = "" if alike[-1].result == "ok" else f" ({alike[-1].result})"
        yield f"{verb}{times} in {channel}: {alike[-1].arguments.text}{refused}"


def _what(call: Call) -> tuple[str, str, str]:
    arguments = call.arguments
    if call.method == "chat.update":
        return "edited", arguments.channel, arguments.ts
    return "replied" if arguments.thread_ts else "posted", arguments.channel, arguments.text
