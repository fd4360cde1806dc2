"""One partition's writer as a pure state machine: recover, take records, write one entry at a time (DESIGN section 1).

It holds every rule of the chain that a writer must keep; whoever drives it (the Faust worker, the simulation) reads and
sends, and decides nothing. Not here: Kafka, a clock, chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processors.core.decisions import Decisions
from processors.core.state import State
from processors.core.step import process_record
from processors.journal import Gathering, restore, seal
from schemas.chain import Accepted, Follower, Position
from schemas.codec import encode
from schemas.errors import BrokenChain, MalformedRecord
from schemas.topics import read_events_header

MAX_EVENTS = 2500
"""Events that may gather in one entry; one record alone may exceed that (DESIGN section 1)."""
LARGE_ENTRY = 2 * MAX_EVENTS
"""Alerts in one entry above which sealing it takes long (0.1 s for 10,000): only a command, a tick or a mute changes so many."""
COVER_MILLIS = 30_000
"""After so long, records that changed nothing are covered by an entry of their own."""


@dataclass(frozen=True, slots=True)
class InboxRecord:
    """A record as the broker gives it; `timestamp` is the broker's (LogAppendTime), in milliseconds."""

    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()

    @property
    def may_concern_many(self) -> bool:
        """Whether it holds no alerts of its own: a command, a tick or a configuration may change any number of them."""
        return not read_events_header(self.headers)


class HoleInInbox(Exception):
    """A record was given whose predecessors are missing: read them first (`expected` up to `got`, exclusive)."""

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(f"inbox offsets {expected} to {got - 1} were not given")
        self.expected = expected
        self.got = got


class PartitionWriter:
    """Recovers by following the chain, then turns inbox records into entries.

    The order of use: `restore` for each journal record from the beginning, `recovered` once, then `take`, `next_entry`
    (or its two halves) and `acknowledged` in any order. After `acknowledged` said False, or an error of sending, it is
    of no more use: make another with a new id.
    """

    def __init__(self, writer_id: str) -> None:
        self.writer_id = writer_id
        self.state = State()
        self.problems: list[str] = []
        self._follower = Follower()
        self._expected_journal_offset = 0
        self._gathering = Gathering(0, 0)
        self._in_flight: Position | None = None
        self._in_flight_parts = 0
        self._settled: tuple[Gathering, bytes] | None = None
        self._sealed_at = 0

    # -- recovery --------------------------------------------------------------

    def restore(self, offset: int, value: bytes | None) -> None:
        """Take the journal's next record; raises `BrokenChain` when it cannot be followed or read."""
        verdict = self._follower.offer_bytes(offset, value)
        if isinstance(verdict, Accepted):
            try:
                restore(self.state, verdict.parts)
            except MalformedRecord as error:
                raise BrokenChain(f"journal offset {offset} cannot be read: {error}") from error

    def recovered(self, journal_end: int) -> None:
        """End the recovery; `journal_end` is the position up to which the journal was read."""
        self._expected_journal_offset = journal_end
        self._sealed_at = self.state.now
        start = self._follower.position.next_inbox
        self._gathering = Gathering(start, start)

    # -- work ------------------------------------------------------------------

    @property
    def next_inbox(self) -> int:
        """The inbox offset wanted next."""
        return self._gathering.next_offset

    @property
    def sealed_up_to(self) -> int:
        """The inbox offset after the last one that the entry in flight, or else the last acknowledged one, covers."""
        return self._in_flight.next_inbox if self._in_flight is not None else self._gathering.first_offset

    @property
    def pending_count(self) -> int:
        """Events decided about and not yet in an entry; at `MAX_EVENTS` or more, take nothing before one is acknowledged."""
        return self._gathering.event_count

    @property
    def is_in_flight(self) -> bool:
        return self._in_flight is not None

    def take(self, record: InboxRecord) -> Decisions | None:
        """Decide about a record; one that was taken before is passed over (None).

        Raises `HoleInInbox` when records before it are missing. Any other exception is a fault of ours or of the
        machine, not of the record: stop.
        """
        if record.offset < self.next_inbox:
            return None
        if record.offset > self.next_inbox:
            raise HoleInInbox(self.next_inbox, record.offset)
        decisions = process_record(self.state, record.offset, record.timestamp, record.value, record.headers)
        self._gathering.add(decisions)
        self.problems += decisions.problems
        return decisions

    def next_entry(self, at_once: bool = False) -> list[bytes] | None:
        """Seal what has gathered as the next entry, in parts to be sent one after the other; None: nothing to send now."""
        return self.seal_entry() if self.settle_entry(at_once) else None

    def settle_entry(self, at_once: bool = False) -> bool:
        """Settle what the next entry holds, to be written by `seal_entry`; False: nothing to send now.

        While one is settled or in flight there is no other. Records that changed nothing wait for 30 s of inbox time,
        unless `at_once` (a clean stop).
        """
        if self._settled or self._in_flight or self._gathering.next_offset == self._gathering.first_offset:
            return False
        is_due = at_once or self.state.now - self._sealed_at >= COVER_MILLIS
        if not self._gathering.is_worth_writing and not is_due:
            return False
        gathering, self._sealed_at = self._gathering, self.state.now
        self._settled = gathering, encode(self.state.partition_state(gathering.is_configuration_changed))
        self._gathering = Gathering(gathering.next_offset, gathering.next_offset)
        return True

    @property
    def is_settled_large(self) -> bool:
        """Whether sealing what is settled takes long."""
        return self._settled is not None and len(self._settled[0].alerts) > LARGE_ENTRY

    def seal_entry(self) -> list[bytes]:
        """Write what is settled; it counts as in flight then. Records may be taken meanwhile, even in another thread."""
        assert self._settled is not None
        gathering, partition = self._settled
        parts = seal(gathering, partition, self.writer_id, self._follower.position.offset)
        self._in_flight = Position(self._expected_journal_offset + len(parts) - 1, gathering.next_offset)
        self._in_flight_parts = len(parts)
        self._settled = None
        return parts

    def acknowledged(self, offsets: Sequence[int]) -> bool:
        """Take note of the journal offsets that the parts in flight were given.

        False: they are not the ones that follow what was read, so somebody else has written: drop this writer and
        recover anew, at once.
        """
        assert self._in_flight is not None
        first = self._expected_journal_offset
        if list(offsets) != list(range(first, first + self._in_flight_parts)):
            return False
        self._follower.position = self._in_flight
        self._expected_journal_offset = self._in_flight.offset + 1
        self._in_flight = None
        return True
