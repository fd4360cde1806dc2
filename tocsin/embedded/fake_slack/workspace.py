"""The fake's channels and messages, its rate limits, and the failures it was told to have. Not here: HTTP (`app.py`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tocsin.embedded.fake_slack.checks import Unacceptable, check_message

Answer = dict[str, Any]
BURST = 3.0


class TooFast(Exception):
    """Slack would answer 429."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


@dataclass(slots=True)
class Fault:
    """A failure to have `times` times (-1: for ever), in calls of this method and channel (empty: any).

    Exactly one of: `status` (an HTTP status), `error` (200 with `ok: false`), `retry_after` (429), `is_silent` (the
    connection is closed without an answer), and what Slack never answers: `location` (a redirect there), `body` (that text,
    with `status` or 200), `spaces` (so many), `without` (the true answer without this key), `drip_seconds` (the true answer,
    with so long between its bytes). `has_effect`: only after the call has taken effect; the last two always have it.
    """

    method: str = ""
    channel: str = ""
    times: int = 1
    status: int = 0
    error: str = ""
    retry_after: int | str = 0
    is_silent: bool = False
    location: str = ""
    body: str = ""
    spaces: int = 0
    without: str = ""
    drip_seconds: float = 0.0
    has_effect: bool = False

    def __post_init__(self) -> None:
        self.has_effect = self.has_effect or bool(self.without or self.drip_seconds)

    def fits(self, method: str, channel: str) -> bool:
        return self.times != 0 and self.method in ("", method) and self.channel in ("", channel)


@dataclass(slots=True)
class Workspace:
    """`channels` empty: any channel is known. `left`: those that our app is not in. `refuses`: what every call is answered
    (a token that was revoked), empty: nothing. `per_second` 0: no rate limit. `now` gives seconds since 1970.
    """

    now: Callable[[], float]
    token: str = ""
    channels: frozenset[str] = frozenset()
    archived: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    refuses: str = ""
    per_second: float = 0.0
    file: Path | None = None
    tell: Callable[[str, Mapping[str, Any]], None] = lambda what, message: None
    messages: dict[str, Answer] = field(default_factory=dict)
    calls: list[Answer] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    _last_ts: int = 0
    _tokens: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file is not None and self.file.exists():
            for line in self.file.read_text("utf-8").splitlines():
                message = json.loads(line)
                self.messages[message["ts"]] = message
            self._last_ts = max((int(ts.replace(".", "")) for ts in self.messages), default=0)
            self.messages = {ts: message for ts, message in self.messages.items() if not message.get("is_deleted")}

    def fault(self, method: str, channel: str) -> Fault | None:
        """Give the failure that this call is to have, and count it."""
        found = next((one for one in self.faults if one.fits(method, channel)), None)
        if found is not None:
            found.times -= 1
        return found

    def call(self, method: str, arguments: Mapping[str, Any]) -> Answer:
        """Do what a method does; raises `Unacceptable` and `TooFast`."""
        methods: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "auth.test": lambda arguments: {"ok": True, "team_id": "T0FAKE"},
        }
        if self.refuses:
            raise Unacceptable(self.refuses, "no call of this token is answered")
        if method not in methods:
            raise Unacceptable("unknown_method", method)
        self._limit(method, str(arguments.get("channel", "")))
        return methods[method](arguments)

    def thread(self, ts: str) -> list[Answer]:
        """Give a message and its replies, oldest first."""
        return [one for one in self.messages.values() if ts in (one["ts"], one.get("thread_ts"))]

    def delete(self, ts: str) -> None:
        """Delete a message as a person does; a thread stays without its first message."""
        self._write({**self.messages.pop(ts), "is_deleted": True})

    def _post(self, arguments: Mapping[str, Any]) -> Answer:
        channel = self._writable(arguments)
        check_message(arguments)
        # A reply to what was deleted becomes a message of its own, and the answer names no thread (slack-go issue 1571).
        thread_ts = arguments.get("thread_ts") if self.thread(str(arguments.get("thread_ts"))) else None
        kept = {key: arguments[key] for key in ("text", "blocks", "metadata") if arguments.get(key) is not None}
        kept |= {"thread_ts": thread_ts} if thread_ts else {}
        message = {"type": "message", "channel": channel, "ts": self._next_ts(), "edits": 0, **kept}
        self._keep(message)
        self.tell("reply" if thread_ts else "post", message)
        return {"ok": True, "channel": channel, "ts": message["ts"], "message": message}

    def _delete(self, arguments: Mapping[str, Any]) -> Answer:
        channel, ts = self._writable(arguments), str(arguments.get("ts"))
        if ts not in self.messages:
            raise Unacceptable("message_not_found", ts)
        self.delete(ts)
        return {"ok": True, "channel": channel, "ts": ts}

    def _update(self, arguments: Mapping[str, Any]) -> Answer:
        channel = self._writable(arguments)
        old = self.messages.get(str(arguments.get("ts")))
        if old is None or old["channel"] != channel:
            raise Unacceptable("message_not_found", str(arguments.get("ts")))
        check_message(arguments)
        message = old | {key: arguments[key] for key in ("text", "blocks") if key in arguments} | {"edits": old["edits"] + 1}
        self._keep(message)
        self.tell("edit", message)
        return {"ok": True, "channel": channel, "ts": message["ts"], "text": message["text"], "message": message}

    def _history(self, arguments: Mapping[str, Any]) -> Answer:
        channel = self._channel(arguments)
        found = [one for one in self.messages.values() if one["channel"] == channel and "thread_ts" not in one]
        return self._page(found[::-1], arguments)

    def _replies(self, arguments: Mapping[str, Any]) -> Answer:
        self._channel(arguments)
        found = self.thread(str(arguments.get("ts")))
        if not found:
            raise Unacceptable("thread_not_found", str(arguments.get("ts")))
        return self._page(found, arguments)

    def _page(self, found: list[Answer], arguments: Mapping[str, Any]) -> Answer:
        oldest, start, limit = (
            float(arguments.get("oldest") or 0),
            int(arguments.get("cursor") or 0),
            int(arguments.get("limit") or 100),
        )
        recent = [one for one in found if float(one["ts"]) > oldest]
        page = recent[start : start + limit]
        if str(arguments.get("include_all_metadata", "")).lower() not in ("1", "true"):
            page = [{key: value for key, value in one.items() if key != "metadata"} for one in page]
        cursor = str(start + limit) if start + limit < len(recent) else ""
        return {"ok": True, "messages": page, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}

    def _channel(self, arguments: Mapping[str, Any]) -> str:
        channel = str(arguments.get("channel") or "")
        if not channel or (self.channels and channel not in self.channels):
            raise Unacceptable("channel_not_found", channel)
        if channel in self.left:
            raise Unacceptable("not_in_channel", channel)
        return channel

    def _writable(self, arguments: Mapping[str, Any]) -> str:
        """Give the channel of a call that writes; an archived one can still be read."""
        channel = self._channel(arguments)
        if channel in self.archived:
            raise Unacceptable("is_archived", channel)
        return channel

    def _limit(self, method: str, channel: str) -> None:
        if not self.per_second:
            return
        now = self.now()
        tokens, at = self._tokens.get((method, channel), (BURST, now))
        tokens = min(BURST, tokens + (now - at) * self.per_second)
        if tokens < 1:
            self._tokens[method, channel] = tokens, now
            raise TooFast(max(1, round((1 - tokens) / self.per_second)))
        self._tokens[method, channel] = tokens - 1, now

    def _next_ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, round(self.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def _keep(self, message: Answer) -> None:
        self.messages[message["ts"]] = message
        self._write(message)

    def _write(self, message: Answer) -> None:
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as log:
                log.write(json.dumps(message) + "\n")
