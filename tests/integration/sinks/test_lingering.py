"""A journal on a real broker, read by a sink that lets records gather and by one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from schemas.settings import Settings
from sinks.journal import LINGER_BYTES, KafkaJournal
from tests.integration.sinks.running_sink import send
from tests.servers import wait_until

POLL_SECONDS = 0.5


@contextmanager
def reading(settings: Settings, linger_seconds: float) -> Iterator[KafkaJournal]:
    """Give a journal that has begun to read its first partition."""
    journal = KafkaJournal(settings, "memory", takes_all_partitions=False, linger_seconds=linger_seconds)
    try:
        wait_until(lambda: not journal.poll(0.1) and 0 in journal.partitions, "the group has given us partitions")
        journal.place({0: 0})
        yield journal
    finally:
        journal.close()


def poll_sizes(settings: Settings, linger_seconds: float) -> list[int]:
    """Send a small record, poll, send one that is large enough for anybody, and poll until it has come."""
    with reading(settings, linger_seconds) as journal:
        send(settings, {0: [b"small"]})
        polls = [len(journal.poll(POLL_SECONDS))]
        send(settings, {0: [bytes(LINGER_BYTES)]})

        def have_both_come() -> bool:
            polls.append(len(journal.poll(POLL_SECONDS)))
            return sum(polls) == 2

        wait_until(have_both_come, "both have come")
    return [size for size in polls if size]


def test_records_come_one_by_one_as_they_are_written(own_topics: Settings) -> None:
    assert poll_sizes(own_topics, 0.0) == [1, 1]


def test_records_that_may_wait_come_together_when_they_are_many_bytes(own_topics: Settings) -> None:
    assert poll_sizes(own_topics, 20.0) == [2]
