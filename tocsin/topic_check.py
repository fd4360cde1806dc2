"""Compares the topics of a cluster with what is declared, and refuses or says the differences.

What would break a promise in silence is refused: tocsin would decide by wrong times, or Kafka would remove what is needed.
What only makes it worse is said, with the command that mends it: an operator may have meant it, and most of tocsin works.
Not here: what a difference is (`topic_differences.py`), mending.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import structlog
from kafka.admin import KafkaAdminClient

from schemas.errors import OperatorError, Unavailable
from schemas.first_use import use_each_type_once
from schemas.settings import Settings
from schemas.telemetry import configure_logging
from schemas.topics import JOURNAL, TOPICS, Topic
from tocsin.cluster import admin_client, describe_topics
from tocsin.topic_differences import Difference, compare

log = structlog.get_logger()
START_SECONDS = 2.0
"""How long a process waits for the cluster before it starts all the same; it waits for Kafka in its own way then."""


def find_differences(client: KafkaAdminClient, settings: Settings, topics: Iterable[Topic]) -> list[Difference]:
    """Compare those topics that exist."""
    declared = {topic.full_name(settings.topic_prefix): topic for topic in topics}
    found = describe_topics(client, list(declared))
    return [difference for name, actual in found.items() for difference in compare(declared[name], actual, settings)]


def refuse_what_breaks(differences: Iterable[Difference]) -> None:
    """Raise `OperatorError` when a promise would not hold, naming each such difference."""
    broken = [str(difference) for difference in differences if difference.weight == "breaks"]
    if broken:
        raise OperatorError("\n".join(broken))


def check_at_start(settings: Settings, process: str) -> None:
    """Compare the topics that a process writes or reads, before it starts; `process` by its name in `schemas/topics.py`.

    Raises `OperatorError` for what breaks; logs what degrades. A cluster that does not answer is left to the process itself.
    """
    use_each_type_once()  # the client has a thread
    configure_logging()
    try:
        with admin_client(settings, wait_seconds=START_SECONDS) as client:
            differences = find_differences(client, settings, topics_of(process))
    except Unavailable as error:
        log.warning("topics_not_compared", reason=str(error))
        return
    refuse_what_breaks(differences)
    for difference in differences:
        if difference.weight == "degrades":
            log.warning("topic_differs", topic=difference.topic, setting=difference.setting, found=difference.actual,
                        declared=difference.declared, consequence=difference.consequence, mend=difference.mend)  # fmt: skip


def topics_of(process: str) -> Sequence[Topic]:
    """Give the topics that a process writes or reads; of a plug-in's sink, which none names, the journal."""
    return [topic for topic in TOPICS if process in (*topic.writers, *topic.readers)] or [JOURNAL]
