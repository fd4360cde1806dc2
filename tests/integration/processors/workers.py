"""Worker processes, load for them, and what a reader makes of their journal, for the tests of the worker on real Kafka."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kafka import KafkaProducer

from processors.partition import InboxRecord, PartitionWriter
from schemas.codec import encode
from schemas.kafka import client_options
from schemas.records import Frame, FrameItem
from schemas.settings import Settings
from schemas.topics import INBOX, JOURNAL, Topic
from tests.world import ReadModel, batch, read_journal
from tocsin.cluster import admin_client, end_offsets
from tocsin.tail import read_partition
from tocsin.up import environment_of


class RunningWorker:
    """A worker process; its log is for the message of a test that fails."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            command = [sys.executable, "-m", "tocsin", "process"]
            self.process = subprocess.Popen(command, env=environment_of(settings), stdout=output, stderr=output)

    def output(self) -> str:
        return self.log.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self) -> int:
        """Stop it as the supervisor does; give its exit code."""
        self.process.terminate()
        return self.wait()

    def wait(self) -> int:
        return self.process.wait(30)


@contextmanager
def running_workers(settings: Settings, directory: Path) -> Iterator[Any]:
    """Give a function that starts workers; none of them is left at the end."""
    started: list[RunningWorker] = []

    def start() -> RunningWorker:
        started.append(RunningWorker(settings, directory / f"worker-{len(started)}.log"))
        return started[-1]

    try:
        yield start
    finally:
        for worker in started:
            worker.kill()


class Inbox:
    """Writes frames, as the doors do."""

    def __init__(self, settings: Settings) -> None:
        self._topic = INBOX.full_name(settings.topic_prefix)
        self._producer = KafkaProducer(**client_options(settings), linger_ms=0)

    def send(self, partition: int, *items: FrameItem) -> None:
        self.send_bytes(partition, encode(Frame(list(items))))

    def send_bytes(self, partition: int, value: bytes | None) -> None:
        key = b"any" if value is None else None  # the client refuses a record without both
        self._producer.send(self._topic, value, key=key, partition=partition)

    def send_load(self, partition: int, frames: range, events: int = 4) -> None:
        """Send frames of alert events: new alerts, repeats and recoveries."""
        for number in frames:
            said = [
                {"title": f"alert {(number * 7 + place) % 50}", "resolved": (number + place) % 5 == 0} for place in range(events)
            ]
            self.send(partition, batch(*said, receipt=f"{partition}-{number}"))

    def close(self) -> None:
        self._producer.flush()
        self._producer.close()


def ends(settings: Settings, topic: Topic) -> dict[int, int]:
    """Give the end offset of each partition."""
    with admin_client(settings) as client:
        found = end_offsets(client, {topic.full_name(settings.topic_prefix): settings.partitions})
    return {partition: end for (_, partition), end in found.items()}


def records_of(settings: Settings, topic: Topic, partition: int) -> list[InboxRecord]:
    """Read a whole partition."""
    end = ends(settings, topic)[partition]
    found = read_partition(settings, topic.full_name(settings.topic_prefix), partition, 0, end)
    return [InboxRecord(record.offset, record.timestamp, record.value, record.headers) for record in found]


def followed(settings: Settings, partition: int) -> tuple[ReadModel, int]:
    """Follow a partition's journal; give what a reader has then, and the inbox offset after the last one covered."""
    journal = [record.value or b"" for record in records_of(settings, JOURNAL, partition)]
    writer = PartitionWriter("reader")
    for offset, value in enumerate(journal):
        writer.restore(offset, value)
    writer.recovered(len(journal))
    return read_journal(journal), writer.next_inbox


def replayed(settings: Settings, partition: int) -> ReadModel:
    """Take a whole inbox partition in one thread: what the journal must come to, whatever happened meanwhile."""
    writer, journal = PartitionWriter("replay"), []
    writer.recovered(0)
    for record in records_of(settings, INBOX, partition):
        writer.take(record)
        parts = writer.next_entry(at_once=True) or []
        journal += parts
        assert writer.acknowledged(range(len(journal) - len(parts), len(journal)))
    return read_journal(journal)


def is_all_covered(settings: Settings) -> bool:
    """Whether the journal's chain has come to the end of the inbox, in every partition that holds more than its opening."""
    return all(end == 1 or followed(settings, partition)[1] == end for partition, end in ends(settings, INBOX).items())
