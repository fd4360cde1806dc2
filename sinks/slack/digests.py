"""Digests: messages that stand for many incidents which opened at once in one channel, and who is in which.

An incident is in a digest as its thread says (`SlackThread.digest`); it has a message of its own besides only once
somebody needs one. Not here: calling Slack (`digest_post.py`), what a digest says (`digest_blocks.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from schemas.records import NotificationKind
from schemas.sink_records import SlackDigest
from sinks.slack import metrics
from sinks.slack.client import Search
from sinks.slack.openings import WINDOW_SECONDS, Earlier, Openings
from sinks.slack.pause import Pause
from sinks.slack.threads import AGAIN, Key, Thread

TAKING_ON: frozenset[NotificationKind] = frozenset({"acknowledged", "reassigned", "severity_raised", "reopened", "reminder"})
"""Changes for which an incident of a digest gets a message of its own: somebody works on it, or should."""


@dataclass(slots=True)
class Digest:
    """One message. `is_unsure`: it may have been posted and not recorded. `edited_at`, `blocked_at`: monotonic, see `Thread`."""

    record: SlackDigest
    members: dict[Key, Thread] = field(default_factory=dict)
    is_unsure: bool = False
    edited_at: float = float("-inf")
    blocked_at: float | None = None
    blind_posts: int = 0
    pause: Pause = field(default_factory=Pause)
    search: Search = field(default_factory=Search)

    @property
    def is_posted(self) -> bool:
        return bool(self.record.ts)

    def change(self, **fields: object) -> None:
        self.record = msgspec.structs.replace(self.record, **fields)


@dataclass(slots=True)
class Digests:
    """All digests of the partitions that are ours, by delivery id (without what `begin_anew` adds)."""

    openings: Openings = field(default_factory=Openings)
    due: dict[str, Digest] = field(default_factory=dict)
    """To be looked at: something about them may have changed."""
    changed: dict[str, Digest] = field(default_factory=dict)
    """To be written."""
    _all: dict[str, Digest] = field(default_factory=dict)
    _taking: dict[str, Digest] = field(default_factory=dict)

    def load(self, records: Iterable[SlackDigest], threads: Iterable[Thread], now: float, now_millis: int) -> None:
        """Take what was read, in place of all that was held. What opened lately counts, and a storm goes on in its digest.

        An incident of a digest that another process has now is told anew.
        """
        self._all = {name_of(record): Digest(record, is_unsure=not record.ts) for record in records}
        self.due, self.changed, self._taking, self.openings = {}, {}, {}, Openings()
        earlier: list[Earlier] = []
        for thread in threads:
            if thread.record.digest in self._all:
                self.note(thread)
            elif thread.record.digest:
                thread.change(digest="")
                if thread.posted is None and thread.incident.is_open:
                    thread.owe_message(now_millis)
            earlier += _earlier(thread, now, now_millis)
        self.openings.resume(earlier, now)
        lately = {one.incident for one in earlier if one.when > now - WINDOW_SECONDS}
        for digest in sorted(self._all.values(), key=lambda one: one.record.intended_at):
            if lately & digest.members.keys():
                self._taking[digest.record.channel] = digest

    def place(self, thread: Thread, now: float, now_millis: int) -> bool:
        """Put a thread that is to be posted into its channel's digest, if too many were lately; True: it is in one."""
        channel = thread.record.channel
        if thread.record.digest or self.openings.admit(channel, thread.key, now):
            return False
        digest = self._taking.get(channel) or self._begin(thread, now_millis)
        thread.change(digest=name_of(digest.record), told=thread.last_number, pending=[])
        metrics.DIGESTED.inc()
        self.note(thread)
        return True

    def is_told_by_digest(self, thread: Thread, kind: NotificationKind, now: float) -> bool:
        """Say whether a change of an incident that is in a digest, and has no message, needs none: the digest shows it."""
        if not thread.record.digest or thread.posted is not None or thread.record.pending:
            return False
        return kind not in TAKING_ON or not self.openings.admit(thread.record.channel, thread.key, now)

    def note(self, thread: Thread) -> None:
        """Look at the digest of a thread again, if it has one."""
        name = thread.record.digest
        if name in self._all:
            self._all[name].members[thread.key] = thread
            self.due[name] = self._all[name]

    def close_calm(self, now: float) -> None:
        """Let digests take no more incidents where fewer come now: the next storm has a digest of its own."""
        self._taking = {channel: one for channel, one in self._taking.items() if not self.openings.is_calm(channel, now)}

    def drop(self, thread: Thread) -> Digest | None:
        """Let go of a forgotten thread; gives the digest that it was the last of."""
        digest = self._all.get(thread.record.digest)
        if digest is None:
            return None
        digest.members.pop(thread.key, None)
        if digest.members:
            return None
        for held in (self._all, self.due, self.changed):
            held.pop(name_of(digest.record), None)
        self._taking = {channel: one for channel, one in self._taking.items() if one is not digest}
        return digest

    def take_changed(self) -> Iterator[SlackDigest]:
        """Give what is to be written."""
        changed, self.changed = self.changed, {}
        return (digest.record for digest in changed.values())

    def mark(self, digest: Digest) -> None:
        self.changed[name_of(digest.record)] = digest

    def _begin(self, thread: Thread, now_millis: int) -> Digest:
        channel, record = thread.record.channel, thread.record
        name = f"digest/{record.project}/{record.incident}/{now_millis}/{channel}"
        digest = Digest(SlackDigest(channel=channel, project=record.project, delivery_id=name, intended_at=now_millis))
        self._all[name] = self._taking[channel] = digest
        self.mark(digest)
        return digest


def _earlier(thread: Thread, now: float, now_millis: int) -> Iterator[Earlier]:
    """Say when a channel was told of an incident, or was to be; nothing where it was not."""
    record, is_owed = thread.record, bool(thread.record.pending) and not thread.record.digest
    if record.ts:
        millis = float(record.ts) * 1000
    elif record.digest:
        millis = thread.incident.created_at
    elif is_owed:
        millis = record.intended_at
    else:
        return
    when = now - max(0.0, now_millis - millis) / 1000
    yield Earlier(record.channel, thread.key, when, is_own=bool(record.ts), is_owed=is_owed and not record.ts)


def name_of(record: SlackDigest) -> str:
    """Give what threads call a digest: the same after it was posted anew."""
    return record.delivery_id.partition(AGAIN)[0]
