"""What differs between a topic and its declaration, how bad that is, and what mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schemas.errors import OperatorError
from schemas.settings import Settings
from schemas.topics import CONFIG, INBOX, JOURNAL, TOPICS, Topic
from tocsin.embedded.topics import create
from tocsin.topic_check import refuse_what_breaks, topics_of
from tocsin.topic_differences import HARM, ActualTopic, Difference, compare
from tocsin.topic_mending import spread

SETTINGS = Settings(kafka="k:9092", partitions=4, kafka_replication_factor=3, kafka_min_insync_replicas=2)


def as_declared(topic: Topic, **changed: str) -> ActualTopic:
    settings = {
        **topic.kafka_settings(2),
        "segment.bytes": "1",
        **{name.replace("_", "."): value for name, value in changed.items()},
    }
    return ActualTopic(partitions=topic.partitions or 4, replicas=3, settings=settings)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_as_declared_does_not_differ(topic: Topic) -> None:
    assert compare(topic, as_declared(topic), SETTINGS) == []


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_of_each_setting_that_is_declared_it_is_known_what_another_does(topic: Topic) -> None:
    assert set(topic.kafka_settings(2)) <= set(HARM)


@pytest.mark.parametrize(
    ("topic", "setting", "value", "weight"),
    [
        (INBOX, "message_timestamp_type", "CreateTime", "breaks"),
        (INBOX, "cleanup_policy", "compact", "breaks"),
        (CONFIG, "cleanup_policy", "delete", "breaks"),
        (CONFIG, "cleanup_policy", "delete,compact", "breaks"),
        (INBOX, "min_insync_replicas", "4", "breaks"),
        (INBOX, "min_insync_replicas", "3", "differs"),
        (INBOX, "min_insync_replicas", "1", "degrades"),
        (INBOX, "max_message_bytes", "3000", "degrades"),
        (INBOX, "max_message_bytes", "9000000", "differs"),
        (JOURNAL, "retention_ms", "3600000", "degrades"),
        (JOURNAL, "retention_ms", "-1", "differs"),
        (JOURNAL, "retention_bytes", "1000000", "degrades"),
        (INBOX, "compression_type", "zstd", "degrades"),
        (INBOX, "unclean_leader_election_enable", "true", "degrades"),
    ],
)
def test_a_setting_that_differs_is_weighed(topic: Topic, setting: str, value: str, weight: str) -> None:
    (found,) = compare(topic, as_declared(topic, **{setting: value}), SETTINGS)
    assert (found.setting, found.actual, found.weight) == (setting.replace("_", "."), value, weight)
    assert found.mend == f"tocsin topics mend {topic.name}"


@pytest.mark.parametrize(("replicas", "weight"), [(1, "breaks"), (2, "degrades"), (4, "differs")])
def test_replicas_are_compared_with_the_setting_and_with_those_that_must_be_in_sync(replicas: int, weight: str) -> None:
    found = compare(INBOX, replace(as_declared(INBOX), replicas=replicas), SETTINGS)
    assert found[0].setting == "replication factor"
    assert found[-1].weight == weight


@pytest.mark.parametrize(
    ("topic", "mend"),
    [
        (INBOX, "set TOCSIN_PARTITIONS=7 for every process, or begin anew with another TOCSIN_TOPIC_PREFIX"),
        (CONFIG, "kafka-topics.sh --bootstrap-server k:9092 --delete --topic tocsin.config.v1, then tocsin topics create"),
    ],
    ids=["as many as the inbox", "one"],
)
def test_another_number_of_partitions_is_refused_with_what_is_left_to_do(topic: Topic, mend: str) -> None:
    (found,) = compare(topic, replace(as_declared(topic), partitions=7), SETTINGS)
    assert (found.weight, found.mend) == ("breaks", mend)


def test_settings_that_may_not_be_read_are_told_of_and_stop_nobody() -> None:
    (found,) = compare(INBOX, replace(as_declared(INBOX), settings=None), SETTINGS)
    assert (found.setting, found.weight) == ("settings", "differs")


def test_what_breaks_is_refused_all_of_it_at_once_and_nothing_else() -> None:
    def difference(**more: Any) -> Difference:
        words = {
            "topic": "t",
            "setting": "s",
            "actual": "1",
            "declared": "2",
            "weight": "breaks",
            "consequence": "so",
            "mend": "do",
        }
        return Difference(**{**words, **more})

    refuse_what_breaks([difference(weight="degrades"), difference(weight="differs")])
    with pytest.raises(OperatorError) as refused:
        refuse_what_breaks([difference(), difference(weight="degrades"), difference(topic="u")])
    assert str(refused.value).splitlines() == [
        "topic t: s is 1, declared is 2: so. To mend it: do",
        "topic u: s is 1, declared is 2: so. To mend it: do",
    ]


def test_more_replicas_that_must_be_in_sync_than_there_would_be_are_refused_before_anything_is_created() -> None:
    with pytest.raises(OperatorError, match="no record could be written"):
        create(Settings(kafka="127.0.0.1:1", kafka_replication_factor=1, kafka_min_insync_replicas=2), 0)


def test_a_process_compares_what_it_writes_or_reads_and_a_plug_in_the_journal() -> None:
    assert [topic.name for topic in topics_of("clock")] == ["inbox", "config"]
    assert [topic.name for topic in topics_of("somebody's")] == ["journal"]


@pytest.mark.parametrize(
    ("replicas", "partition", "chosen"),
    [([1], 0, [1, 2, 3]), ([1], 1, [1, 3, 4]), ([2], 2, [2, 4, 1]), ([4, 3, 2, 1], 0, [4, 3, 2])],
)
def test_replicas_are_added_on_other_brokers_for_each_partition_and_those_there_stay(
    replicas: list[int], partition: int, chosen: list[int]
) -> None:
    assert spread(replicas, [1, 2, 3, 4], 3, partition) == chosen
