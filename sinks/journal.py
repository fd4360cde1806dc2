"""The journal on Kafka as the reader needs it: kafka-python's consumer, its rebalances, its commits.

The only shared file of the sinks that knows kafka-python, by its rules in STACK. Partitions come paused and at no
place; the reader places them (`place`). Not here: what the records mean and where to read on (`reader.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import CorruptRecordError, FencedInstanceIdError, KafkaError, OffsetOutOfRangeError, UnsupportedCodecError
from kafka.structs import OffsetAndMetadata

from schemas.errors import OperatorError, Unavailable
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.topics import JOURNAL, MAX_MESSAGE_BYTES
from sinks.bookmark import Bookmark, parse_bookmark, render_bookmark
from sinks.single import SinglePartitionAssignor

log = structlog.get_logger()
ANSWER_MILLIS = 5_000
"""How long the broker may take to answer a question of ours; then the reader asks again."""
COMMIT_MILLIS = CLOSE_MILLIS = 2_000
"""Shorter, since a process that is told to stop waits for both."""
SESSION_MILLIS = 10_000
"""A killed process gives up its partitions after so long; a shorter one would mistake a busy machine for a dead one."""
HEARTBEAT_MILLIS = 3_000
RECONNECT_MILLIS = 1_000
"""Between attempts to reach a broker that is away; kafka-python's own default grows to 30 s."""
JOIN_SECONDS = 30.0
"""Without partitions for so long, we join anew. A rebalance takes as long as the slowest member's batch, as a rule under 1 s;
but kafka-python 3.0.12 has taken itself for joined, at full CPU, in a group that the broker no longer had: for ever."""
UNREADABLE = (CorruptRecordError, UnsupportedCodecError)
"""Errors after which a consumer must not be polled again: its next poll would not return (STACK, kafka-python rule 11)."""
RECORDS_PER_POLL = 200
LINGER_BYTES = 512 * 1024
"""What ends the wait of a sink that lets records gather; below what one fetch may bring, else a backlog waits each time."""


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """One record as it lies in the journal."""

    partition: int
    offset: int
    value: bytes | None


class KafkaJournal:
    """A member of the sink's consumer group.

    `generation` rises whenever the partitions are no longer those, or no longer at the places, that they were placed
    at; nothing is read until they are placed again. While `is_rebalancing` it is not known yet which ones they will be.
    """

    def __init__(self, settings: Settings, sink: str, takes_all_partitions: bool, linger_seconds: float = 0.0) -> None:
        """Connect; raises `Unavailable`."""
        self._settings = settings
        self._topic = JOURNAL.full_name(settings.topic_prefix)
        self.generation = 0
        self.is_rebalancing = True
        self.partitions: tuple[int, ...] = ()
        self._placed: frozenset[int] = frozenset()
        options = client_options(settings) | {"reconnect_backoff_max_ms": RECONNECT_MILLIS}
        if takes_all_partitions:
            options["partition_assignment_strategy"] = [SinglePartitionAssignor()]
        if linger_seconds:
            options |= {"fetch_min_bytes": LINGER_BYTES, "fetch_max_wait_ms": round(linger_seconds * 1000)}
        self._options = options | {
            "group_id": f"{settings.topic_prefix}sink.{sink}",
            "group_instance_id": settings.instance or None,  # comes back to its partitions at once after a crash
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            "allow_auto_create_topics": False,
            "session_timeout_ms": SESSION_MILLIS,
            "heartbeat_interval_ms": HEARTBEAT_MILLIS,
            "max_partition_fetch_bytes": MAX_MESSAGE_BYTES,
            "max_poll_records": RECORDS_PER_POLL,
        }
        self._consumer = self._join()

    def _join(self) -> KafkaConsumer:
        """Make a new member of the group; raises `Unavailable`."""
        try:
            consumer = KafkaConsumer(**self._options)
            consumer.subscribe([self._topic], listener=_Listener(self))
        except KafkaError as error:
            raise Unavailable(f"Kafka at {self._settings.kafka} does not answer, or refuses us: {error}") from error
        self._joining_since = time.monotonic()
        return consumer

    def _join_anew_if_stuck(self) -> None:
        """Give up a member that has waited for its partitions for too long, and join as another; raises `Unavailable`."""
        if not self.is_rebalancing or time.monotonic() - self._joining_since < JOIN_SECONDS:
            return
        log.warning("group_joined_anew", group=self._options["group_id"], after_seconds=JOIN_SECONDS)
        self.close()
        self._consumer = self._join()

    def poll(self, seconds: float) -> Sequence[JournalRecord]:
        """Wait for records so long at most; those of one partition are in order. May rebalance: look at `generation` after it.

        Raises `Unavailable` for what the client does not get over by itself; `OperatorError`, which ends the process, when
        another process goes by our name or a batch cannot be read: another consumer, in another process, may read it.
        """
        self._join_anew_if_stuck()
        try:
            found = self._consumer.poll(timeout_ms=int(seconds * 1000))
        except OffsetOutOfRangeError:
            self.changed(self.partitions)
            return ()
        except FencedInstanceIdError as error:
            name = self._settings.instance
            raise OperatorError(f"another process reads as instance {name!r}; TOCSIN_INSTANCE must be unique") from error
        except UNREADABLE as error:
            raise OperatorError(f"a batch of {self._topic} cannot be read: {error!r}") from error
        except KafkaError as error:
            raise Unavailable(f"Kafka: {error!r}") from error
        return [JournalRecord(one.partition, one.offset, one.value) for records in found.values() for one in records]

    def hold(self, seconds: float) -> None:
        """Wait so long without reading, but stay a member of the group; may rebalance. Raises nothing."""
        placed = self._of(self._placed)
        try:
            self._consumer.pause(*placed)
            if self._consumer.poll(timeout_ms=int(seconds * 1000)):
                self.changed(self.partitions)
            if self._placed:
                self._consumer.resume(*placed)
        except (KafkaError, ValueError):
            self.changed(self.partitions)

    def place(self, starts: Mapping[int, int]) -> None:
        """Read on from these offsets. A rebalance in between wins: `generation` has risen then."""
        try:
            for partition, offset in starts.items():
                self._consumer.seek(TopicPartition(self._topic, partition), offset)
            self._placed |= frozenset(starts)
            self._consumer.resume(*self._of(starts))
        except (KafkaError, ValueError):
            self.changed(self.partitions)

    def set_aside(self, partition: int) -> None:
        """Read nothing more of a partition until it is placed again."""
        try:
            self._placed -= {partition}
            self._consumer.pause(*self._of([partition]))
        except (KafkaError, ValueError):
            self.changed(self.partitions)

    def topic_id(self) -> UUID:
        """Ask for Kafka's id of the journal topic. Raises `Unavailable`."""
        try:
            client = KafkaAdminClient(**client_options(self._settings), bootstrap_timeout_ms=ANSWER_MILLIS)
            try:
                (topic,) = client.describe_topics([self._topic])
            finally:
                client.close()
        except KafkaError as error:
            raise Unavailable(f"Kafka does not say which topic {self._topic} is: {error!r}") from error
        if topic["error_code"] != 0:
            raise Unavailable(f"there is no topic {self._topic} now (Kafka's error {topic['error_code']})")
        return UUID(str(topic["topic_id"]))

    def bounds(self) -> dict[int, tuple[int, int]]:
        """Ask for the first offset and the offset after the last, of each partition. Raises `Unavailable`."""
        wanted = self._of(self.partitions)
        try:
            first = self._consumer.beginning_offsets(wanted, timeout_ms=ANSWER_MILLIS)
            end = self._consumer.end_offsets(wanted, timeout_ms=ANSWER_MILLIS)
        except KafkaError as error:
            raise Unavailable(f"Kafka does not say how far {self._topic} reaches: {error!r}") from error
        return {one.partition: (first[one], end[one]) for one in wanted}

    def bookmarks(self) -> dict[int, Bookmark]:
        """Ask for what the group has committed, of each partition where it has. Raises `Unavailable`."""
        found: dict[int, Bookmark] = {}
        try:
            for one in self._of(self.partitions):
                committed = self._consumer.committed(one, metadata=True, timeout_ms=ANSWER_MILLIS)
                bookmark = None if committed is None else parse_bookmark(committed.metadata)
                if bookmark is not None:
                    found[one.partition] = bookmark
        except KafkaError as error:
            raise Unavailable(f"Kafka does not say what the group has committed: {error!r}") from error
        return found

    def commit(self, bookmarks: Mapping[int, tuple[int, Bookmark]], wait: bool) -> bool:
        """Commit, for each partition, the offset to read next and the bookmark; False: it did not work out."""
        offsets = {
            TopicPartition(self._topic, partition): OffsetAndMetadata(next_offset, render_bookmark(bookmark), -1)
            for partition, (next_offset, bookmark) in bookmarks.items()
        }
        try:
            if wait:
                self._consumer.commit(offsets, timeout_ms=COMMIT_MILLIS)
            else:
                self._consumer.commit_async(offsets)
        except KafkaError as error:
            log.warning("commit_failed", error=repr(error))
            return False
        return True

    def lag(self) -> dict[int, int]:
        """Give how many records each placed partition has beyond what was polled, as far as the last answer told."""
        found: dict[int, int] = {}
        for one in self._of(self._placed):
            try:
                end, at = self._consumer.highwater(one), self._consumer.position(one, timeout_ms=0)
            except (KafkaError, ValueError):
                continue
            if end is not None and at is not None:
                found[one.partition] = max(0, end - at)
        return found

    def close(self) -> None:
        """Leave the group at once. Raises nothing."""
        try:
            self._consumer.close(autocommit=False, timeout_ms=CLOSE_MILLIS)
        except KafkaError as error:
            log.warning("group_left_without_goodbye", error=repr(error))

    def rebalance(self) -> None:
        """Take note that the partitions are taken from us, and that others, or the same, will be given."""
        if not self.is_rebalancing:
            self._joining_since = time.monotonic()
        self.is_rebalancing = True
        self.changed(())

    def changed(self, partitions: Iterable[int]) -> None:
        """Take note that these are the partitions now, and stand where nobody has put them."""
        self.partitions = tuple(sorted(partitions))
        self._placed = frozenset()
        self.generation += 1
        try:
            for one in self._of(self.partitions):
                self._consumer.pause(one)
        except (KafkaError, ValueError):
            pass  # no longer ours: the next rebalance, already on its way, says so

    def _of(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in partitions]


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # the library ships no types
    """Runs on the client's own loop: must not ask the broker anything."""

    def __init__(self, journal: KafkaJournal) -> None:
        self._journal = journal

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Called as each join begins. A join that takes longer than one poll is otherwise forgotten when it was begun because
        of new metadata (STACK): until it is complete, we say, it is wanted."""
        self._journal.rebalance()
        self._journal._consumer._coordinator.request_rejoin()

    def on_partitions_lost(self, lost: Any) -> None:
        self.on_partitions_revoked(lost)

    def on_partitions_assigned(self, assigned: Any) -> None:
        journal = self._journal
        for one in assigned:
            journal._consumer.seek(one, 0)  # any place, so that the client does not look for one; it is paused
        journal.changed(one.partition for one in assigned)
        journal.is_rebalancing = False
