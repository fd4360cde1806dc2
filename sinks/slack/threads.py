"""What each channel shows of each incident and is still to be told: in memory, and on the topic `slack-threads`.

Not here: calling Slack (`postman.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from schemas.codec import decode, encode
from schemas.errors import MalformedRecord, OperatorError
from schemas.records import ALERT_BOT, IncidentSection, IncidentState, Notification
from schemas.sink_records import SlackDigest, SlackThread
from schemas.topics import partition_of
from sinks.compacted import Change, Store
from sinks.slack.client import Posted, Search
from sinks.slack.pause import Pause

Key = tuple[str, int, str]
"""Project, incident, channel."""
AGAIN = "/again/"
"""In the delivery id of a message that stands for one that was deleted; a number follows."""
DIGEST_KEY = "_digest/"
"""Begins the key of a digest; no project's name begins so."""


@dataclass(slots=True)
class Thread:
    """One incident in one channel.

    `is_unsure`: something may have been posted that is not recorded; look before posting. `origin`: journal
    partition and offset that last had news of it (-1, -1: none since this process began). `is_checked`: the message was
    seen to be there since the last notification came. `blocked_at`: when it last met what people must mend (monotonic).
    `blind_posts`: how often it was posted again although nobody could look whether it was there.
    """

    record: SlackThread
    incident: IncidentState
    is_unsure: bool = False
    origin: tuple[int, int] = (-1, -1)
    is_checked: bool = False
    blocked_at: float | None = None
    blind_posts: int = 0
    pause: Pause = field(default_factory=Pause)
    search: Search = field(default_factory=Search)

    @property
    def key(self) -> Key:
        return self.record.project, self.record.incident, self.record.channel

    @property
    def posted(self) -> Posted | None:
        return Posted(self.record.channel_id, self.record.ts) if self.record.ts else None

    @property
    def last_number(self) -> int:
        """Number of the last notification that it knows of, told or not."""
        return max((self.record.told, *(one.number for one in self.record.pending)))

    def reply_id(self, notification: Notification) -> str:
        return f"{self.record.delivery_id}/{notification.number}"

    def see(self, incident: IncidentState) -> bool:
        """Take a newer form of the incident; False: it is not newer."""
        if incident.version <= self.incident.version:
            return False
        self.incident = without_description(incident)
        return True

    @property
    def is_posted_anew(self) -> bool:
        """Whether its message stands for one that was deleted."""
        return AGAIN in self.record.delivery_id

    def keep_newest(self) -> None:
        """Let what waits be one notification: the newest, which a message that is not posted yet tells by itself."""
        pending = self.record.pending
        if len(pending) > 1 or (pending and self.posted is None and pending[0].kind != "opened"):
            newest = pending[-1] if self.posted is not None else msgspec.structs.replace(pending[-1], kind="opened")
            told = max((self.record.told, *(one.number for one in pending[:-1])))
            self.change(pending=[newest], told=told)

    def begin_anew(self, now_millis: int) -> None:
        """Owe another message in place of the one that was; it can be told from the first by its delivery id."""
        base, _, count = self.record.delivery_id.partition(AGAIN)
        pending = self.record.pending or [self._opening(now_millis)]
        self.change(
            delivery_id=f"{base}{AGAIN}{int(count or 0) + 1}",
            intended_at=now_millis,
            channel_id="",
            ts="",
            shown_version=0,
            shown_hash=b"",
            pending=pending,
        )
        self.is_unsure = False
        self.keep_newest()

    def owe_message(self, now_millis: int) -> None:
        """Owe a message of its own."""
        self.change(digest="", pending=self.record.pending or [self._opening(now_millis)])

    def _opening(self, now_millis: int) -> Notification:
        """Make what is told by the message itself; its number was told before."""
        incident = self.incident
        return Notification(
            incident.project, incident.number, self.record.told, "opened", "", now_millis,
            incident.severity, incident.status, ALERT_BOT, incident.offset, incident.index,
        )  # fmt: skip

    def change(self, **fields: object) -> None:
        self.record = msgspec.structs.replace(self.record, **fields)


class Threads:
    """All threads of the partitions that are ours."""

    def __init__(self, store: Store, partition_count: int) -> None:
        self._store = store
        self._partition_count = partition_count
        self._threads: dict[Key, Thread] = {}
        self._by_incident: dict[tuple[str, int], dict[str, Thread]] = {}
        self._changed: dict[Key, Thread] = {}

    def load(self, partitions: Iterable[int]) -> tuple[list[Thread], list[SlackDigest]]:
        """Forget all, and read these partitions; gives what was read. Raises `Unavailable`."""
        self._threads, self._by_incident, self._changed = {}, {}, {}
        digests: list[SlackDigest] = []
        for key, value in self._store.load(partitions).items():
            if key.startswith(DIGEST_KEY):
                digests.append(_read_digest(key, value))
            else:
                self.add(_read(key, value))
        return list(self._threads.values()), digests

    def of(self, project: str, incident: int) -> Mapping[str, Thread]:
        """Give the threads of an incident, by channel."""
        return self._by_incident.get((project, incident), {})

    def add(self, thread: Thread) -> None:
        self._threads[thread.key] = thread
        self._by_incident.setdefault(thread.key[:2], {})[thread.key[2]] = thread

    def mark(self, thread: Thread) -> None:
        """Remember that it has changed."""
        self._changed[thread.key] = thread

    def save(self, claimed: Iterable[Thread] = (), digests: Iterable[SlackDigest] = ()) -> None:
        """Write what has changed, those claimed even if they have not, and digests.

        What is claimed is ours when this returns: no other process has written since we read. Raises `Superseded`.
        """
        wanted = self._changed | {thread.key: thread for thread in claimed}
        written = [self._change_digest(digest, encode(digest)) for digest in digests]
        self._store.write([*(self._change(thread) for thread in wanted.values()), *written])
        self._changed = {}

    def forget_digest(self, digest: SlackDigest) -> None:
        """Let go of a digest whose incidents are all forgotten; its message stays in Slack."""
        self._store.write([self._change_digest(digest, None)])

    def forget(self, project: str, incident: int) -> None:
        """Let go of an incident that nothing will be heard of any more; its messages stay in Slack."""
        threads = self._by_incident.pop((project, incident), {})
        partition = partition_of(project, self._partition_count)
        self._store.write([Change(partition, render_key(thread.key), None) for thread in threads.values()])
        for thread in threads.values():
            self._threads.pop(thread.key, None)
            self._changed.pop(thread.key, None)

    def close(self) -> None:
        self._store.close()

    def _change_digest(self, digest: SlackDigest, value: bytes | None) -> Change:
        name = digest.delivery_id.partition(AGAIN)[0]
        return Change(partition_of(digest.project, self._partition_count), f"{DIGEST_KEY}{name}", value)

    def _change(self, thread: Thread) -> Change:
        record = msgspec.structs.replace(thread.record, incident_state=encode(IncidentSection([thread.incident])))
        return Change(partition_of(record.project, self._partition_count), render_key(thread.key), encode(record))


def render_key(key: Key) -> str:
    return "/".join(map(str, key))


def without_description(incident: IncidentState) -> IncidentState:
    """A message does not show it, and it may be long."""
    return msgspec.structs.replace(incident, description="")


def begin(incident: IncidentState, channel: str, now_millis: int) -> Thread:
    """Make the thread of an incident that a channel is to hear of for the first time.

    The delivery id depends on nothing but the incident and the channel, so that whoever tries again uses the same.
    """
    record = SlackThread(
        project=incident.project,
        incident=incident.number,
        channel=channel,
        delivery_id=f"{incident.project}/{incident.number}/{incident.created_at}/{channel}",
        intended_at=now_millis,
    )
    return Thread(record, without_description(incident))


def _read(key: str, value: bytes) -> Thread:
    """What is pending may have been posted by whoever had the partition before, and not recorded."""
    try:
        record = decode(value, SlackThread)
        (incident,) = decode(record.incident_state, IncidentSection).items
    except MalformedRecord as error:
        raise OperatorError(f"the thread {key} on slack-threads cannot be read: {error}") from error
    return Thread(record, incident, is_unsure=bool(record.pending))


def _read_digest(key: str, value: bytes) -> SlackDigest:
    try:
        return decode(value, SlackDigest)
    except MalformedRecord as error:
        raise OperatorError(f"the digest {key} on slack-threads cannot be read: {error}") from error
