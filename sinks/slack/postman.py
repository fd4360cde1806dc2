"""Brings one thread, call by call, to where it should be: look up, post, edit, reply.

A thread names its next steps in order; the postman takes the first that the rate allows. Not here: which threads there
are and when they are saved (`sink.py`, `threads.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
import structlog

from schemas.errors import TocsinError
from schemas.records import Notification
from schemas.sink_records import DeadLetter
from sinks.slack import metrics
from sinks.slack.blocks import Message, render_confidential, render_incident, render_text
from sinks.slack.calls import LOOKING, POSTING, Calls, Step
from sinks.slack.client import Search, SlackClient
from sinks.slack.context import Context
from sinks.slack.errors import Blocked, Gone, Refused, Unsure
from sinks.slack.pause import Pause
from sinks.slack.refusals import NO_THREAD, NOT_EDITABLE, is_known
from sinks.slack.replies import render_reply
from sinks.slack.threads import Thread

log = structlog.get_logger()
LOOK_BACK_SECONDS = 300
"""How far Slack's clock and ours may be apart."""
KEPT_MILLIS = 86_400_000
"""How long after an incident's end its news waits for a channel that takes nothing."""


class Letters(Protocol):
    """What is needed of `DeadLetterTopic`; see there."""

    def write(self, letter: DeadLetter) -> None: ...
    def close(self) -> None: ...


class Waiting(Protocol):
    """What a thread and a digest have in common while they wait."""

    is_unsure: bool
    blocked_at: float | None
    blind_posts: int
    pause: Pause
    search: Search


@dataclass(slots=True)
class Postman:
    """Everything that one call needs. `is_open_to` says whether a channel may see confidential incidents."""

    client: SlackClient
    letters: Letters
    now_millis: Callable[[], int]
    monotonic: Callable[[], float]
    origin_topic: str
    context: Context
    is_open_to: Callable[[str], bool] = lambda channel: False
    calls: Calls = field(init=False)

    def __post_init__(self) -> None:
        self.calls = Calls(self.now_millis, self.monotonic)

    def steps(self, thread: Thread) -> Iterator[Step]:
        """Give what is left to do for a thread now, the most important first; nothing: it is as it should be."""
        owes = bool(thread.record.pending)
        if thread.posted is None:
            if owes:
                yield "look_up" if thread.is_unsure else "post"
            return
        is_old = thread.incident.version > thread.record.shown_version and self._differs(thread)
        if is_old or (owes and not thread.is_checked and not thread.is_unsure):
            yield "edit"  # which also finds out that it is gone: a reply would then stand alone in the channel
        if owes:
            yield "look_up_replies" if thread.is_unsure else "reply"

    def choose(self, thread: Thread) -> Step | None:
        """Give the first step that may be done now, and count it as done for the rate."""
        if thread.pause.is_on(self.monotonic()):
            return None
        return next((step for step in self.steps(thread) if self.calls.may(step, thread.record.channel)), None)

    def is_hidden(self, thread: Thread) -> bool:
        """Whether the channel must not know about the incident."""
        return thread.incident.is_confidential and not self.is_open_to(thread.record.channel)

    def do(self, thread: Thread, step: Step) -> None:
        """Do one step; whatever becomes of it, the thread says what is left. Raises `Unavailable` only for dead letters."""
        record = thread.record
        match self.calls.attempt(step, record.channel, f"{record.project}/{record.incident}", lambda: self._call(thread, step)):
            case None if step not in LOOKING:
                thread.pause, thread.blind_posts, thread.blocked_at = Pause(), 0, None
            case Unsure():
                thread.is_unsure = thread.is_unsure or step in POSTING
            case Blocked() as error:
                thread.search = Search()
                self.note_blocked(thread, record.channel, error)
            case Gone():
                self._begin_anew(thread)
            case Refused() as error:
                self._give_up(thread, step, error)

    def note_blocked(self, what: Waiting, channel: str, error: Blocked) -> None:
        """Take note that something waits: with its channel, or alone where the channel has taken others since it was refused.

        Whose fault an unknown word is, nobody knows: it is never given up for one.
        """
        if not is_known(error.error) and self._is_alone(what, channel):
            self.calls.health.forget(channel)
            what.pause.refuse(error.error, self.monotonic(), self.now_millis())
        what.blocked_at = self.monotonic()

    def post_blindly(self, what: Waiting) -> None:
        """Let something be posted that may be there already: one message too many is better than none, but not ever more."""
        metrics.UNSURE.inc()
        what.is_unsure, what.search = False, Search()
        if what.blind_posts:
            what.pause.lengthen(self.monotonic())
        what.blind_posts += 1

    def let_go_if_over(self, thread: Thread) -> None:
        """Give up what waits, once its incident has been over for a day. Raises `Unavailable`."""
        if not self.is_over(thread) or next(self.steps(thread), None) is None:
            return
        message = self.render(thread)
        self._bury(thread, self.too_late(thread, thread.record.channel), message.text, list(message.blocks))
        thread.change(told=thread.last_number, pending=[])
        thread.pause = Pause()
        self._shown(thread, message)

    def is_over(self, thread: Thread) -> bool:
        """Whether its incident has been over for so long that news of it is none any more."""
        resolved_at = thread.incident.resolved_at
        return resolved_at is not None and not thread.incident.is_open and self.now_millis() - resolved_at >= KEPT_MILLIS

    def too_late(self, what: Waiting, channel: str) -> TocsinError:
        """Say why something is given up that has waited, alone or for a broken channel."""
        return Blocked(f"{self.calls.health.error_of(channel) or what.pause.error}, until a day after the incident's end")

    def render(self, thread: Thread) -> Message:
        return render_confidential(thread.incident) if self.is_hidden(thread) else render_incident(thread.incident, self.context)

    # -- the steps -------------------------------------------------------------

    def _call(self, thread: Thread, step: Step) -> None:
        match step:
            case "look_up":
                self._look_up(thread)
            case "post":
                self._post(thread)
            case "edit":
                self._edit(thread)
            case "look_up_replies":
                self._look_up_replies(thread)
            case "reply":
                self._reply(thread)

    def _look_up(self, thread: Thread) -> None:
        record = thread.record
        if not self.client.find(record.channel, {record.delivery_id}, self._since(thread), thread.search):
            return
        found = thread.search.found.get(record.delivery_id)
        thread.is_unsure, thread.search = False, Search()
        if found is not None:
            log.info("message_found", incident=f"{record.project}/{record.incident}", channel=record.channel, ts=found.ts)
            thread.change(channel_id=found.channel_id, ts=found.ts)
            thread.is_checked = True
            self._drop_told_by_message(thread)

    def _post(self, thread: Thread) -> None:
        message = self.render(thread)
        posted = self.client.post(thread.record.channel, message, thread.record.delivery_id)
        thread.change(channel_id=posted.channel_id, ts=posted.ts)
        self._shown(thread, message)
        self._measure(thread.record.pending[0])
        self._drop_told_by_message(thread)

    def _edit(self, thread: Thread) -> None:
        assert thread.posted is not None
        message = self.render(thread)
        self.client.update(thread.posted, message)
        self._shown(thread, message)

    def _look_up_replies(self, thread: Thread) -> None:
        assert thread.posted is not None
        wanted = {thread.reply_id(one) for one in thread.record.pending}
        if not self.client.find_replies(thread.posted, wanted, self._since(thread), thread.search):
            return
        found = thread.search.found
        thread.is_unsure, thread.search = False, Search()
        left = [one for one in thread.record.pending if thread.reply_id(one) not in found]
        told = [one.number for one in thread.record.pending if thread.reply_id(one) in found]
        thread.change(pending=left, told=max((thread.record.told, *told)))

    def _reply(self, thread: Thread) -> None:
        assert thread.posted is not None
        notification = thread.record.pending[0]
        text = render_reply(notification, thread.incident, self.context)
        self.client.reply(thread.posted, render_text(text), thread.reply_id(notification))
        self._measure(notification)
        self._drop_first(thread)

    # -- bookkeeping -----------------------------------------------------------

    def _differs(self, thread: Thread) -> bool:
        if hash_of(self.render(thread)) != thread.record.shown_hash:
            return True
        thread.change(shown_version=thread.incident.version)
        return False

    def _shown(self, thread: Thread, message: Message) -> None:
        thread.is_checked = True
        thread.change(shown_version=thread.incident.version, shown_hash=hash_of(message))

    def _drop_told_by_message(self, thread: Thread) -> None:
        """An opening is told by the message itself."""
        if thread.posted is not None and thread.record.pending and thread.record.pending[0].kind == "opened":
            self._drop_first(thread)

    def _drop_first(self, thread: Thread) -> None:
        first, *rest = thread.record.pending
        thread.change(told=max(thread.record.told, first.number), pending=rest)
        self._drop_told_by_message(thread)

    def _begin_anew(self, thread: Thread) -> None:
        """A person has deleted the message: another tells how the incident stands now, and replies go to that one."""
        if self.is_hidden(thread):  # nothing is to be said any more
            thread.change(told=thread.last_number, pending=[])
            self._shown(thread, self.render(thread))
            return
        thread.begin_anew(self.now_millis())

    def _is_alone(self, what: Waiting, channel: str) -> bool:
        if what.pause.error:
            return True
        return what.blocked_at is not None and self.calls.health.was_done_since(channel, what.blocked_at)

    def _give_up(self, thread: Thread, step: Step, error: Refused) -> None:
        match step:
            case "look_up" | "look_up_replies":
                log.warning("delivery_unsure", channel=thread.record.channel, error=error.error)  # somebody can allow the look-up
                self.post_blindly(thread)
            case "post":
                message = self.render(thread)
                self._bury(thread, error, message.text, list(message.blocks))
                thread.change(told=thread.last_number, pending=[])
            case "edit" if error.error == "cant_update_message" and not thread.is_posted_anew:
                self._begin_anew(thread)  # the app was installed again, under another bot: the next message will be its own
            case "edit":
                message = self.render(thread)
                if error.error not in NOT_EDITABLE:
                    self._bury(thread, error, message.text, list(message.blocks))
                self._shown(thread, message)
            case "reply":
                if error.error not in NO_THREAD:  # else the message itself says it
                    self._bury(thread, error, render_reply(thread.record.pending[0], thread.incident, self.context), None)
                self._drop_first(thread)

    def _bury(self, thread: Thread, error: TocsinError, text: str, blocks: list[dict[str, object]] | None) -> None:
        record = thread.record
        receiver = thread.record.pending[-1].receiver if thread.record.pending else ""
        about = {"project": record.project, "incident": record.incident, "receiver": receiver}
        original = msgspec.json.encode({**about, "channel": record.channel, "ts": record.ts, "text": text, "blocks": blocks})
        reason = f"{error} (channel {record.channel}, incident {record.project}/{record.incident})"
        self.letters.write(DeadLetter(self.origin_topic, *thread.origin, "sink-slack", reason, self.now_millis(), original))
        metrics.DEAD_LETTERS.inc()

    def _since(self, thread: Thread) -> int:
        return max(0, thread.record.intended_at // 1000 - LOOK_BACK_SECONDS)

    def _measure(self, notification: Notification) -> None:
        metrics.DELAY_SECONDS.observe(max(0, self.now_millis() - notification.at) / 1000)


def hash_of(message: Message) -> bytes:
    return hashlib.sha256(msgspec.json.encode([message.text, message.blocks])).digest()
