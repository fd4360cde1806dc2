"""The topic `dead-letters` as people look at it: what was given up, and what was done about each since.

A retry is a letter too, about the letter: so that nothing of the topic is ever changed. Not here: retrying (`retry.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from schemas.codec import decode, encode
from schemas.errors import MalformedRecord, OperatorError, Unavailable
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.sink_records import DeadLetter
from schemas.topics import DEAD_LETTERS
from tocsin.cluster import admin_client, end_offsets, partitions_of
from tocsin.tail import read_partition

RETRIER = "deadletters retry"
ACKNOWLEDGE_SECONDS = 5.0
State = Literal["begun", "done", "refused"]


class Note(msgspec.Struct, frozen=True):
    """What a retry says of itself. `begun` is written first: a retry that died may have done its work."""

    state: State
    text: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One retry of a letter; `at` in milliseconds."""

    at: int
    note: Note


@dataclass(slots=True)
class Letter:
    """One thing that was given up, with its retries in their order."""

    partition: int
    offset: int
    record: DeadLetter
    tried: list[Tried] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Where it lies in the topic."""
        return f"{self.partition}-{self.offset}"

    @property
    def is_done(self) -> bool:
        return any(one.note.state == "done" for one in self.tried)

    @property
    def begun_at(self) -> int | None:
        """When a retry began that never said how it ended; None: there is none."""
        last = self.tried[-1] if self.tried else None
        return last.at if last is not None and last.note.state == "begun" else None


def read_letters(settings: Settings) -> list[Letter]:
    """Read all letters, oldest first; raises `Unavailable`."""
    topic = DEAD_LETTERS.full_name(settings.topic_prefix)
    with admin_client(settings) as client:
        ends = end_offsets(client, partitions_of(client, [topic]))
    records = [record for (_, number), end in sorted(ends.items()) for record in read_partition(settings, topic, number, 0, end)]
    return gather(topic, ((record.partition, record.offset, record.value) for record in records))


def gather(topic: str, records: Iterable[tuple[int, int, bytes | None]]) -> list[Letter]:
    """Put letters and their retries together; what is no letter is left out."""
    letters: dict[tuple[int, int], Letter] = {}
    retries: list[DeadLetter] = []
    for partition, offset, value in records:
        try:
            record = decode(value or b"", DeadLetter)
        except MalformedRecord:
            continue  # of a newer version
        if record.origin_topic == topic:
            retries.append(record)
        else:
            letters[partition, offset] = Letter(partition, offset, record)
    for retry in retries:
        letter = letters.get((retry.origin_partition, retry.origin_offset))
        if letter is not None:
            letter.tried.append(Tried(retry.at, msgspec.json.decode(retry.original, type=Note)))
    return sorted(letters.values(), key=lambda letter: (letter.record.at, letter.partition, letter.offset))


def find_letters(letters: Iterable[Letter], ids: Iterable[str]) -> list[Letter]:
    """Give the letters of these ids; raises `OperatorError` for one that there is not."""
    known = {letter.id: letter for letter in letters}
    for one in ids:
        if one not in known:
            raise OperatorError(f"there is no dead letter {one}; `tocsin deadletters list --all` shows all")
    return [known[one] for one in dict.fromkeys(ids)]


def write_note(settings: Settings, letter: Letter, note: Note, now_millis: int) -> None:
    """Write down what a retry does; lies in the letter's own partition, so that it is read after it. Raises `Unavailable`."""
    topic = DEAD_LETTERS.full_name(settings.topic_prefix)
    about = (topic, letter.partition, letter.offset, RETRIER, f"retry: {note.text}", now_millis, msgspec.json.encode(note))
    send(settings, topic, letter.partition, encode(DeadLetter(*about)), key=topic.encode())
    letter.tried.append(Tried(now_millis, note))


def send(
    settings: Settings,
    topic: str,
    partition: int,
    value: bytes,
    headers: Iterable[tuple[str, bytes]] = (),
    key: bytes | None = None,
) -> int:
    """Write one record and give its offset. Raises `Unavailable`; it may have been written even so."""
    try:
        producer = KafkaProducer(**client_options(settings))
        try:
            sent = producer.send(topic, key=key, value=value, partition=partition, headers=list(headers))
            return int(sent.get(timeout=ACKNOWLEDGE_SECONDS).offset)
        finally:
            producer.close(timeout=1)
    except KafkaError as error:
        raise Unavailable(f"{topic} did not take a record: {error!r}") from error
