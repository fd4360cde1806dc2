"""Brings one digest, call by call, to where it should be: look up, post, edit. Not here: who is in it (`digests.py`)."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from schemas.errors import TocsinError
from schemas.sink_records import DeadLetter
from sinks.slack import metrics
from sinks.slack.blocks import Message
from sinks.slack.calls import LOOKING, POSTING, Step
from sinks.slack.client import Posted, Search
from sinks.slack.digest_blocks import render_digest
from sinks.slack.digests import Digest
from sinks.slack.errors import Blocked, Gone, Refused, Unsure
from sinks.slack.pause import Pause
from sinks.slack.postman import LOOK_BACK_SECONDS, Postman, hash_of
from sinks.slack.refusals import NOT_EDITABLE
from sinks.slack.threads import AGAIN

EDIT_SECONDS = 3.0
"""Between edits of one digest: Slack takes some 50 a minute of a whole workspace."""


@dataclass(frozen=True, slots=True)
class DigestPostman:
    """Works with what the postman of threads works with."""

    postman: Postman

    def is_settled(self, digest: Digest) -> bool:
        """Say whether it shows what it should."""
        return self._step(digest) is None

    def choose(self, digest: Digest) -> Step | None:
        """Give the next step if it may be done now, and count it as done for the rate."""
        step, now = self._step(digest), self.postman.monotonic()
        if digest.pause.is_on(now) or (step == "edit" and now - digest.edited_at < EDIT_SECONDS):
            return None
        return step if step is not None and self.postman.calls.may(step, digest.record.channel) else None

    def do(self, digest: Digest, step: Step) -> None:
        """Do one step; whatever becomes of it, the digest says what is left. Raises `Unavailable` only for dead letters."""
        record = digest.record
        match self.postman.calls.attempt(step, record.channel, record.delivery_id, lambda: self._call(digest, step)):
            case None if step not in LOOKING:
                digest.pause, digest.blind_posts, digest.blocked_at = Pause(), 0, None
            case Unsure():
                digest.is_unsure = digest.is_unsure or step in POSTING
            case Gone():
                self._begin_anew(digest)
            case Refused() if step == "look_up":
                self.postman.post_blindly(digest)
            case Refused() as error if error.error in NOT_EDITABLE:
                self._shown(digest, self._render(digest))
            case Refused() as error:
                self._give_up(digest, error)
            case Blocked() as error:
                digest.search = Search()
                self.postman.note_blocked(digest, record.channel, error)
            case _:
                pass  # it waits

    def let_go_if_over(self, digest: Digest) -> None:
        """Give up what waits for a broken channel, once its incidents have been over for a day. Raises `Unavailable`."""
        if not self.is_settled(digest) and all(self.postman.is_over(thread) for thread in digest.members.values()):
            self._give_up(digest, self.postman.too_late(digest, digest.record.channel))
            digest.pause = Pause()

    def _step(self, digest: Digest) -> Step | None:
        message = self._render(digest)
        if message is None:
            return None
        if not digest.is_posted:
            return None if digest.record.shown_hash else "look_up" if digest.is_unsure else "post"
        return "edit" if hash_of(message) != digest.record.shown_hash else None

    def _render(self, digest: Digest) -> Message | None:
        shown = [one.incident for one in digest.members.values() if not self.postman.is_hidden(one)]
        return render_digest(shown, self.postman.context) if shown else None

    def _call(self, digest: Digest, step: Step) -> None:
        client, record, message = self.postman.client, digest.record, self._render(digest)
        assert message is not None
        match step:
            case "look_up":
                since = max(0, record.intended_at // 1000 - LOOK_BACK_SECONDS)
                if not client.find(record.channel, {record.delivery_id}, since, digest.search):
                    return
                found = digest.search.found.get(record.delivery_id)
                digest.is_unsure, digest.search = False, Search()
                if found is not None:
                    digest.change(channel_id=found.channel_id, ts=found.ts)
            case "post":
                posted = client.post(record.channel, message, record.delivery_id)
                digest.change(channel_id=posted.channel_id, ts=posted.ts)
                self._shown(digest, message)
            case _:
                client.update(Posted(record.channel_id, record.ts), message)
                self._shown(digest, message)

    def _shown(self, digest: Digest, message: Message | None) -> None:
        digest.edited_at = self.postman.monotonic()
        digest.change(shown_hash=b"" if message is None else hash_of(message))

    def _begin_anew(self, digest: Digest) -> None:
        base, _, count = digest.record.delivery_id.partition(AGAIN)
        name, now = f"{base}{AGAIN}{int(count or 0) + 1}", self.postman.now_millis()
        digest.change(delivery_id=name, intended_at=now, channel_id="", ts="", shown_hash=b"")
        digest.is_unsure = False

    def _give_up(self, digest: Digest, error: TocsinError) -> None:
        message, record = self._render(digest), digest.record
        assert message is not None
        original = {"digest": record.delivery_id, "channel": record.channel, "text": message.text, "blocks": message.blocks}
        reason = f"{error} (channel {record.channel}, a digest of {len(digest.members)} incidents)"
        self.postman.letters.write(
            DeadLetter(
                self.postman.origin_topic, -1, -1, "sink-slack", reason, self.postman.now_millis(), msgspec.json.encode(original)
            )
        )
        metrics.DEAD_LETTERS.inc()
        self._shown(digest, message)
