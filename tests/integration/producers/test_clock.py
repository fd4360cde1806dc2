"""The clock on a real broker: what each partition of the inbox holds while it runs, and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest
from kafka import KafkaConsumer, TopicPartition
from structlog.testing import capture_logs

from producers.clock import publish
from producers.clock.distribution import own_configuration
from producers.clock.publish import apply_configuration, read_configuration
from schemas import records
from schemas.codec import decode
from schemas.configuration import Configuration, unpack_partition
from schemas.configuration_file import load_configuration
from schemas.errors import ConfigurationError, Unavailable
from schemas.kafka import client_options
from schemas.records import Frame, FrameItem, Tick
from schemas.settings import Settings
from schemas.topics import INBOX
from tests.running_process import running_process
from tests.servers import wait_until


class Inbox:
    """What has come into the inbox so far, by partition: items with the broker's timestamps."""

    def __init__(self, consumer: KafkaConsumer, partitions: int) -> None:
        self._consumer = consumer
        self.items: dict[int, list[tuple[int, FrameItem]]] = {number: [] for number in range(partitions)}

    def read(self) -> None:
        for partition, found in self._consumer.poll(timeout_ms=100).items():
            for record in found:
                items = decode(record.value, Frame).items
                self.items[partition.partition] += [(record.timestamp, item) for item in items]

    def ticks(self, partition: int) -> list[tuple[int, int]]:
        """The clock's ticks: the broker's timestamp, and what they say."""
        return [(at, item.at) for at, item in self.items[partition] if isinstance(item, Tick) and item.source == "clock"]

    def versions(self, partition: int) -> list[int]:
        return [item.version for _, item in self.items[partition] if isinstance(item, records.Configuration)]

    def wait_for_ticks(self, count: int) -> None:
        def have_come() -> bool:
            self.read()
            return all(len(self.ticks(partition)) >= count for partition in self.items)

        wait_until(have_come, f"each partition has {count} ticks")

    def wait_for_version(self, version: int) -> None:
        def has_come() -> bool:
            self.read()
            return all(version in self.versions(partition) for partition in self.items)

        wait_until(has_come, f"each partition has version {version}")


@contextmanager
def reading_inbox(settings: Settings) -> Iterator[Inbox]:
    with closing(KafkaConsumer(**client_options(settings))) as consumer:
        topic = INBOX.full_name(settings.topic_prefix)
        consumer.assign([TopicPartition(topic, number) for number in range(settings.partitions)])
        consumer.seek_to_beginning()
        yield Inbox(consumer, settings.partitions)


def write(path: Path, title: str) -> Path:
    projects = "\n".join(f"  p{number}: {{title: {title}}}" for number in range(8))
    path.write_text(f"projects:\n{projects}\n")
    return path


def test_every_partition_ticks_each_second_on_the_brokers_clock(own_topics: Settings, tmp_path: Path) -> None:
    with running_process("clock", own_topics, tmp_path / "log") as clock, reading_inbox(own_topics) as inbox:
        inbox.wait_for_ticks(4)
        assert clock.stop() == 0
    for partition in range(own_topics.partitions):
        broker, own = zip(*inbox.ticks(partition), strict=True)
        assert 2500 < broker[3] - broker[0] < 10_000
        assert all(abs(at - said) < 5000 for at, said in zip(broker, own, strict=True))
    assert "clock_differs" not in clock.output()


def test_configuration_reaches_its_partitions_when_it_changes_and_after_a_restart(own_topics: Settings, tmp_path: Path) -> None:
    file = tmp_path / "tocsin.yaml"
    first = apply_configuration(own_topics, write(file, "One"))
    with reading_inbox(own_topics) as inbox:
        with running_process("clock", own_topics, tmp_path / "log"):
            inbox.wait_for_version(first)
            second = apply_configuration(own_topics, write(file, "Two"))
            inbox.wait_for_version(second)
        with running_process("clock", own_topics, tmp_path / "log"):
            wait_until(lambda: (inbox.read(), inbox.versions(0).count(second) == 2)[1], "the second is told again")
    expected = load_configuration(file)
    for partition, items in inbox.items.items():
        told = next(item for _, item in items if isinstance(item, records.Configuration) and item.version == second)
        assert unpack_partition(told.content) == own_configuration(expected, partition, own_topics.partitions)


def test_same_content_is_not_written_twice_and_says_so(own_topics: Settings, tmp_path: Path) -> None:
    assert read_configuration(own_topics) is None
    file = write(tmp_path / "tocsin.yaml", "Shop")
    first = apply_configuration(own_topics, file)
    with capture_logs() as logs:
        assert apply_configuration(own_topics, file) == first
    assert "configuration_unchanged" in [line["event"] for line in logs]
    assert read_configuration(own_topics) == (first, load_configuration(file))
    assert apply_configuration(own_topics, write(file, "Web shop")) > first


def test_file_with_a_problem_or_too_large_changes_nothing(
    own_topics: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tocsin.yaml"
    file.write_text("projects: {shop: {titel: Shop}}")
    with pytest.raises(ConfigurationError, match="did you mean 'title'"):
        apply_configuration(own_topics, file)
    file.write_text(f"projects: {{shop: {{title: {Random(1).randbytes(2000).hex()}}}}}")
    monkeypatch.setattr(publish, "MAX_BYTES", 1000)
    with pytest.raises(ConfigurationError, match="KiB when compressed"):
        apply_configuration(own_topics, file)
    assert read_configuration(own_topics) is None


def test_configuration_of_nearly_900_kib_is_applied_and_told_in_parts(own_topics: Settings, tmp_path: Path) -> None:
    file = tmp_path / "tocsin.yaml"
    file.write_text(f"projects: {{shop: {{title: {Random(1).randbytes(700_000).hex()}}}}}")
    version = apply_configuration(own_topics, file)
    with running_process("clock", own_topics, tmp_path / "log"), reading_inbox(own_topics) as inbox:
        inbox.wait_for_version(version)
        inbox.wait_for_ticks(2)
    parts = [
        [item for _, item in items if isinstance(item, records.Configuration) and item.version == version]
        for items in inbox.items.values()
    ]
    assert sorted(len(found) for found in parts) == [1, 1, 1, 2]
    whole = [
        project for found in parts for project in unpack_partition(b"".join(part.content for part in found)).projects.items()
    ]
    assert Configuration(projects=dict(whole)) == load_configuration(file)


def test_broker_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable, match=r"cannot be read from Kafka at 127\.0\.0\.1:1"):
        read_configuration(Settings(kafka="127.0.0.1:1"))
