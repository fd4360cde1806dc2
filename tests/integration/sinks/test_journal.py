"""The journal on a real broker: partitions that are set aside, and a group that forgets to tell us of ours."""

from __future__ import annotations

import dataclasses
import time
from contextlib import suppress
from typing import Any

import pytest

from schemas.errors import Unavailable
from schemas.settings import Settings
from sinks import journal as journal_module
from sinks.journal import KafkaJournal
from tests.conftest import WALL_CLOCK_MILLIS
from tests.integration.sinks.running_sink import send
from tests.servers import wait_until
from tocsin.embedded import topics


def test_a_partition_set_aside_rests_until_it_is_placed_while_the_others_are_read(own_topics: Settings) -> None:
    journal = KafkaJournal(own_topics, "memory", takes_all_partitions=False)
    found: list[tuple[int, bytes | None]] = []

    def have_come(*values: bytes) -> bool:
        found.extend((record.partition, record.value) for record in journal.poll(0.1))
        return {value for _, value in found} >= set(values)

    try:
        wait_until(lambda: not journal.poll(0.1) and {0, 1} <= {*journal.partitions}, "the group has given us partitions")
        journal.place(dict.fromkeys(journal.partitions, 0))
        send(own_topics, {0: [b"a"], 1: [b"b"]})
        wait_until(lambda: have_come(b"a", b"b"), "both have come")
        generation = journal.generation
        journal.set_aside(0)
        send(own_topics, {0: [b"c", b"d"], 1: [b"e"]})
        wait_until(lambda: have_come(b"e"), "the other has come")
        journal.hold(0.1)  # as after a failure: it must not wake the partition
        send(own_topics, {1: [b"f"]})
        wait_until(lambda: have_come(b"f"), "the other has come")
        assert (0, b"c") not in found
        journal.place({0: 2})
        wait_until(lambda: have_come(b"d"), "what comes next has come")
        assert journal.generation == generation
        assert sorted(found) == [(0, b"a"), (0, b"d"), (1, b"b"), (1, b"e"), (1, b"f")]
    finally:
        journal.close()


def test_a_member_that_is_never_told_of_its_partitions_joins_anew(own_topics: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "JOIN_SECONDS", 2.0)
    told, tell = [], journal_module._Listener.on_partitions_assigned

    def keep_the_first_back(listener: Any, assigned: Any) -> None:
        told.append(assigned)
        if len(told) > 1:
            tell(listener, assigned)

    monkeypatch.setattr(journal_module._Listener, "on_partitions_assigned", keep_the_first_back)
    journal = KafkaJournal(own_topics, "memory", takes_all_partitions=False)
    try:
        deadline = time.monotonic() + 20
        while journal.partitions == () and time.monotonic() < deadline:
            with suppress(Unavailable):  # of partitions that nobody has placed
                journal.poll(0.1)
        assert journal.partitions == tuple(range(own_topics.partitions))
        assert len(told) > 1
    finally:
        journal.close()


def test_a_member_of_before_there_was_a_topic_is_told_of_its_partitions(own_topics: Settings) -> None:
    settings = dataclasses.replace(own_topics, topic_prefix=f"{own_topics.topic_prefix}later.")
    journal = KafkaJournal(settings, "memory", takes_all_partitions=False)
    try:
        wait_until(lambda: not journal.poll(0.1) and not journal.is_rebalancing, "it is in the group, with nothing")
        topics.create(settings, WALL_CLOCK_MILLIS, wait_seconds=60)
        deadline = time.monotonic() + 10
        while journal.partitions == () and time.monotonic() < deadline:
            journal.poll(0.005)  # shorter than a join: see the contract of kafka-python, "forgets a join that new metadata began"
        assert journal.partitions == tuple(range(settings.partitions))
    finally:
        journal.close()
