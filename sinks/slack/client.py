"""Calls to Slack's Web API, and what became of each in our own words. Not here: when to call, what to say.

Source: Slack's method pages. HTTP 200 with `ok: false` is its normal error form; `internal_error`, `fatal_error`, a
timeout and any 5xx may have taken effect. slack-sdk's own retries are off: they could post twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from schemas.errors import TocsinError, Unavailable
from sinks.slack import refusals
from sinks.slack.blocks import Message

EVENT_TYPE = "tocsin_incident"
TIMEOUT_SECONDS = 5
"""For one call; `tocsin up` wants every process gone 10 s after the signal."""
DEFAULT_RETRY_AFTER_SECONDS = 30.0
PAGE_SIZE = 200
PAGES = 20
"""Of a channel's history in one look-up: 4,000 messages since we meant to post."""


class Throttled(Unavailable):
    """Slack wants us to wait; nothing was done."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Slack asks to wait {seconds:g} s")
        self.seconds = seconds


class Unreached(Unavailable):
    """Slack was not reached; nothing was done."""


class Unsure(Unavailable):
    """Nobody knows whether it was done: look before trying again."""


class Refused(TocsinError):
    """Slack will not do this, however often it is asked; `error` is its word for why."""

    def __init__(self, error: str) -> None:
        super().__init__(f"Slack refuses: {error}")
        self.error = error


class Blocked(TocsinError):
    """Slack will not do this until people have mended something: nothing was done. `error` is its word for what.

    Also for a word that we do not know: to wait loses nothing.
    """

    def __init__(self, error: str) -> None:
        super().__init__(f"Slack takes nothing: {error}")
        self.error = error


class Gone(TocsinError):
    """The message that this is about is not there any more: a person has deleted it."""

    def __init__(self, error: str) -> None:
        super().__init__(f"the message is gone: {error}")
        self.error = error


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message is: by these, and only these, it is addressed from now on."""

    channel_id: str
    ts: str


class SlackClient:
    """All methods raise `Throttled`, `Unreached`, `Unsure` (a read never does), `Blocked`, `Refused`, or `Gone` where there is
    a message that it is about."""

    def __init__(self, api_url: str, token: str) -> None:
        base_url = api_url if api_url.endswith("/") else f"{api_url}/"
        self._web = WebClient(token or None, base_url=base_url, timeout=TIMEOUT_SECONDS, retry_handlers=[])

    def post(self, channel: str, message: Message, delivery_id: str) -> Posted:
        """Post a message that can be found again by its delivery id. Not safe to repeat."""
        answer = self._send(channel, message.text, delivery_id, blocks=list(message.blocks))
        return Posted(str(answer["channel"]), str(answer["ts"]))

    def reply(self, at: Posted, text: str, delivery_id: str) -> Posted:
        """Post a reply in the thread of a message. Not safe to repeat.

        Slack makes a message of its own of a reply to one that was deleted, and names no thread in its answer (slack-go
        issue 1571): that message is taken back, and `Gone` raised.
        """
        answer = self._send(at.channel_id, text, delivery_id, thread_ts=at.ts)
        posted = Posted(str(answer["channel"]), str(answer["ts"]))
        if not (answer.get("message") or {}).get("thread_ts"):
            with suppress(TocsinError):  # better a reply that stands alone than none
                self._call("chat.delete", json={"channel": posted.channel_id, "ts": posted.ts})
            raise Gone("the reply came to no thread")
        return posted

    def update(self, at: Posted, message: Message) -> None:
        """Put another content in place of a message's. Safe to repeat."""
        self._call("chat.update", json={"channel": at.channel_id, "ts": at.ts, **_content(message.text, list(message.blocks))})

    def find(self, channel: str, delivery_ids: Collection[str], since_seconds: int) -> dict[str, Posted]:
        """Look for messages of ours in a channel; those that are not there are left out."""
        return self._search("conversations.history", {"channel": channel}, channel, delivery_ids, since_seconds)

    def find_replies(self, at: Posted, delivery_ids: Collection[str], since_seconds: int) -> dict[str, Posted]:
        """Look for replies of ours in a thread; those that are not there are left out."""
        thread = {"channel": at.channel_id, "ts": at.ts}
        return self._search("conversations.replies", thread, at.channel_id, delivery_ids, since_seconds)

    def _send(self, channel: str, text: str, delivery_id: str, **rest: Any) -> Mapping[str, Any]:
        return self._call(
            "chat.postMessage",
            json={
                "channel": channel,
                **_content(text, rest.pop("blocks", None)),
                "metadata": {"event_type": EVENT_TYPE, "event_payload": {"delivery_id": delivery_id}},
                "unfurl_links": False,
                "unfurl_media": False,
                **rest,
            },
        )

    def _search(
        self, method: str, place: Mapping[str, str], channel: str, delivery_ids: Collection[str], since_seconds: int
    ) -> dict[str, Posted]:
        found: dict[str, Posted] = {}
        cursor = ""
        for _ in range(PAGES):
            question = {**place, "oldest": str(since_seconds), "include_all_metadata": True, "limit": PAGE_SIZE}
            answer = self._call(method, params=question | ({"cursor": cursor} if cursor else {}))
            for message in answer.get("messages", []):
                name = _delivery_id(message)
                if name in delivery_ids:
                    found[name] = Posted(channel, str(message["ts"]))
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor or len(found) == len(delivery_ids):
                break
        return found

    def _call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        try:
            answer = self._web.api_call(method, **arguments).data
        except SlackApiError as error:
            raise _judge(error.response) from error
        except URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise Unreached(f"Slack cannot be reached: {error.reason}") from error
            raise Unsure(f"no answer from Slack: {error.reason}") from error
        except (OSError, HTTPException, SlackClientError, ValueError) as error:
            raise Unsure(f"no answer from Slack: {error!r}") from error
        return answer if isinstance(answer, dict) else {}


def _content(text: str, blocks: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {"text": text} if blocks is None else {"text": text, "blocks": blocks}


def _delivery_id(message: Mapping[str, Any]) -> str:
    metadata = message.get("metadata") or {}
    return str((metadata.get("event_payload") or {}).get("delivery_id", "")) if metadata.get("event_type") == EVENT_TYPE else ""


def _judge(response: Any) -> TocsinError:
    """Turn an answer that is not ok into one of ours."""
    error = str(response.get("error", "")) if isinstance(response.data, dict) else ""
    if response.status_code == 429 or error in refusals.SLOW_DOWN:
        return Throttled(_retry_after(response.headers))
    if response.status_code >= 500 or error in refusals.UNSURE:
        return Unsure(f"Slack answered {response.status_code} {error}")
    if error in refusals.GONE:
        return Gone(error)
    if error in refusals.OF_THE_MESSAGE | refusals.NOT_EDITABLE | refusals.NO_THREAD:
        return Refused(error)
    return Blocked(error or f"HTTP {response.status_code}")


def _retry_after(headers: Mapping[str, Any]) -> float:
    text = next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(text) if text.isdigit() else DEFAULT_RETRY_AFTER_SECONDS
