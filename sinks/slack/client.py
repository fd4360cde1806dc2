"""Calls to Slack's Web API, one HTTP request each. Not here: when to call, what to say, how answers are read (`answers.py`).

Nothing is tried again here: that could post twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import TocsinError
from schemas.limits import Limits
from sinks.slack.answers import Done, Page, Sent, delivery_id_of, read_answer, ts_of
from sinks.slack.blocks import Message
from sinks.slack.errors import Gone, NotUnderstood, TooLong
from sinks.slack.exchange import Answer, Exchange

EVENT_TYPE = "tocsin_incident"
PAGE_SIZE = 200
LOOKED_THROUGH = 4_000
"""Messages of a channel's history in one look-up, since we meant to post."""
LITERAL = {"parse": "none", "link_names": False}
"""Nothing in a text becomes a link or a mention by itself. Said with each edit too: `chat.update` has other defaults."""
WITHOUT_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}
"""Of a post alone; `chat.update` has no such arguments."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message is: by these, and only these, it is addressed from now on."""

    channel_id: str
    ts: str


@dataclass(slots=True)
class Search:
    """A look-up that goes on page by page, a call each, so that a long one holds up nobody."""

    found: dict[str, Posted] = field(default_factory=dict)
    cursor: str = ""
    asked: int = 0
    """Messages so far, had each page been full: a cursor that leads to nothing ends too."""
    page_size: int = PAGE_SIZE


class SlackClient:
    """All methods raise `Throttled`, `Unreached`, `Unsure` (of a read: no answer), `Blocked`, `Refused`, or `Gone` where there is
    a message that it is about."""

    def __init__(self, api_url: str, token: str, limits: Limits) -> None:
        """Raises `SettingsError` for an address or token that is none."""
        self._exchange = Exchange(api_url, token, limits)
        self._longest_wait_seconds = limits.slack_retry_after_seconds

    def post(self, channel: str, message: Message, delivery_id: str) -> Posted:
        """Post a message that can be found again by its delivery id. Not safe to repeat."""
        sent = self._send(channel, message, delivery_id)
        return Posted(sent.channel, sent.ts)

    def reply(self, at: Posted, message: Message, delivery_id: str) -> Posted:
        """Post a reply in the thread of a message. Not safe to repeat.

        Slack makes a message of its own of a reply to one that was deleted, and names no thread in its answer (slack-go
        issue 1571): that message is taken back, and `Gone` raised.
        """
        sent = self._send(at.channel_id, message, delivery_id, thread_ts=at.ts)
        if sent.message is None:
            raise NotUnderstood("an answer to a reply without the message that it has become")
        if not sent.message.get("thread_ts"):
            with suppress(TocsinError):  # better a reply that stands alone than none
                self._change("chat.delete", {"channel": sent.channel, "ts": sent.ts})
            raise Gone("the reply came to no thread")
        return Posted(sent.channel, sent.ts)

    def update(self, at: Posted, message: Message) -> None:
        """Put another content in place of a message's. Safe to repeat."""
        self._change("chat.update", {"channel": at.channel_id, "ts": at.ts, **_content(message)})

    def find(self, channel: str, delivery_ids: Collection[str], since_seconds: int, search: Search) -> bool:
        """Look for messages of ours in a channel, one page of it; False: there are more."""
        return self._turn_page("conversations.history", {"channel": channel}, delivery_ids, since_seconds, search)

    def find_replies(self, at: Posted, delivery_ids: Collection[str], since_seconds: int, search: Search) -> bool:
        """Look for replies of ours in a thread, one page of it; False: there are more."""
        thread = {"channel": at.channel_id, "ts": at.ts}
        return self._turn_page("conversations.replies", thread, delivery_ids, since_seconds, search)

    def _send(self, channel: str, message: Message, delivery_id: str, **rest: Any) -> Sent:
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"delivery_id": delivery_id}}
        said = {"channel": channel, **_content(message), **WITHOUT_PREVIEWS, "metadata": metadata, **rest}
        return read_answer(self._exchange.post("chat.postMessage", said), Sent, self._longest_wait_seconds)

    def _change(self, method: str, said: Mapping[str, Any]) -> None:
        read_answer(self._exchange.post(method, said), Done, self._longest_wait_seconds)

    def _turn_page(
        self, method: str, place: Mapping[str, str], delivery_ids: Collection[str], since_seconds: int, search: Search
    ) -> bool:
        question = {**place, "oldest": str(since_seconds), "include_all_metadata": "1", "limit": str(search.page_size)}
        try:
            answer = self._exchange.get(method, question | ({"cursor": search.cursor} if search.cursor else {}))
        except TooLong:
            search.page_size = max(1, search.page_size // 4)  # it is tried again; messages may be long
            raise
        page = read_answer(answer, Page, self._longest_wait_seconds)
        search.found |= _ours(answer, page, place["channel"], delivery_ids)
        search.cursor, search.asked = page.cursor, search.asked + search.page_size
        return not search.cursor or len(search.found) == len(delivery_ids) or search.asked >= LOOKED_THROUGH


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks), **LITERAL}


def _ours(answer: Answer, page: Page, channel: str, delivery_ids: Collection[str]) -> dict[str, Posted]:
    named = ((delivery_id_of(message, EVENT_TYPE), message) for message in page.messages)
    return {name: Posted(channel, ts_of(answer, message)) for name, message in named if name in delivery_ids}
