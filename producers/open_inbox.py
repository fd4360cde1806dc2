"""The inbox of one process, wired to the cluster of its settings. Nothing is connected yet. Not here: sending (`inbox.py`)."""

from __future__ import annotations

from functools import partial

from producers.connect import ask_limit, connect_producer
from producers.inbox import Counted, KafkaInbox
from producers.oversize import Limit
from schemas.settings import Settings
from schemas.topics import INBOX


def open_inbox(settings: Settings, counted: Counted) -> KafkaInbox:
    """Make the inbox; `KafkaInbox.connect` comes next."""
    topic = INBOX.full_name(settings.topic_prefix)
    connect = partial(connect_producer, settings, topic, settings.partitions)
    return KafkaInbox(topic, connect, counted=counted, limit=Limit(topic, partial(ask_limit, settings, topic)))
