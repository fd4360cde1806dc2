"""Writes what a sink had to give up to the topic `dead-letters`, where people find it. Not here: deciding to give up."""

from __future__ import annotations

from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from schemas.codec import encode
from schemas.errors import Unavailable
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.sink_records import DeadLetter
from schemas.topics import DEAD_LETTERS

ACKNOWLEDGE_SECONDS = 5.0
CLOSE_SECONDS = 1.0


class DeadLetterTopic:
    """Connects at the first letter: most sinks never write one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None

    def write(self, letter: DeadLetter) -> None:
        """Write one, and wait for its acknowledgement. Raises `Unavailable`; it may have been written even so."""
        topic = DEAD_LETTERS.full_name(self._settings.topic_prefix)
        try:
            if self._producer is None:
                self._producer = KafkaProducer(**client_options(self._settings))
            future = self._producer.send(topic, key=letter.origin_topic.encode(), value=encode(letter))
            future.get(timeout=ACKNOWLEDGE_SECONDS)
        except KafkaError as error:
            self.close()
            raise Unavailable(f"a dead letter could not be written: {error!r}") from error

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=CLOSE_SECONDS)
            self._producer = None
