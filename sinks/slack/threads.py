"""What each channel shows of each incident and is still to be told: in memory, and on the topic `slack-threads`.

Not here: calling Slack (`postman.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from schemas.codec import decode, encode
from schemas.errors import MalformedRecord, OperatorError
from schemas.records import IncidentSection, IncidentState, Notification
from schemas.sink_records import SlackThread
from schemas.topics import partition_of
from sinks.compacted import Change, Store
from sinks.slack.client import Posted

Key = tuple[str, int, str]
"""Project, incident, channel."""


@dataclass(slots=True)
class Thread:
    """One incident in one channel.

    `is_unsure`: something may have been posted that is not recorded; look before posting. `origin`: journal
    partition and offset that last had news of it (-1, -1: none since this process began).
    """

    record: SlackThread
    incident: IncidentState
    is_unsure: bool = False
    origin: tuple[int, int] = (-1, -1)

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

    def load(self, partitions: Iterable[int]) -> list[Thread]:
        """Forget all, and read these partitions; gives what was read. Raises `Unavailable`."""
        self._threads, self._by_incident, self._changed = {}, {}, {}
        for key, value in self._store.load(partitions).items():
            self.add(_read(key, value))
        return list(self._threads.values())

    def of(self, project: str, incident: int) -> Mapping[str, Thread]:
        """Give the threads of an incident, by channel."""
        return self._by_incident.get((project, incident), {})

    def add(self, thread: Thread) -> None:
        self._threads[thread.key] = thread
        self._by_incident.setdefault(thread.key[:2], {})[thread.key[2]] = thread

    def mark(self, thread: Thread) -> None:
        """Remember that it has changed."""
        self._changed[thread.key] = thread

    def save(self, claimed: Iterable[Thread] = ()) -> None:
        """Write what has changed, and those claimed even if they have not.

        A claimed thread is ours when this returns: no other process has written since we read. Raises `Superseded`.
        """
        wanted = self._changed | {thread.key: thread for thread in claimed}
        self._store.write([self._change(thread) for thread in wanted.values()])
        self._changed = {}

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
