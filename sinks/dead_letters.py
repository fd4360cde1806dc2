"""Writes what a sink had to give up to the topic `dead-letters`, where people find it. Not here: deciding to give up."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from kafka.errors import KafkaError

from schemas.codec import encode
from schemas.errors import Unavailable
from schemas.refusals import is_too_large
from schemas.settings import Settings
from schemas.sink_records import DeadLetter
from schemas.topics import DEAD_LETTERS
from sinks.producer import connect_producer

log = structlog.get_logger()
ACKNOWLEDGE_SECONDS = 5.0
CLOSE_SECONDS = 1.0


class DeadLetterTopic:
    """Connects at the first letter: most sinks never write one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None

    def write(self, letter: DeadLetter) -> None:
        """Write one, and wait for its acknowledgement. Raises `Unavailable`; it may have been written even so.

        One that is larger than the topic takes is written without its original, and its reason says so: that something
        was given up, and why, must not be lost to its size.
        """
        try:
            try:
                self._send(letter)
            except KafkaError as error:
                if not (is_too_large(error) and letter.original):
                    raise
                self.close()  # after a refusal the library fails all that a producer sends (STACK)
                log.error("dead_letter_cut", origin=letter.origin_topic, bytes=len(letter.original))
                self._send(_without_original(letter))
        except KafkaError as error:
            self.close()
            raise Unavailable(f"a dead letter could not be written: {error!r}") from error

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=CLOSE_SECONDS)
            self._producer = None

    def _send(self, letter: DeadLetter) -> None:
        topic = DEAD_LETTERS.full_name(self._settings.topic_prefix)
        if self._producer is None:
            self._producer = connect_producer(self._settings)
        future = self._producer.send(topic, key=letter.origin_topic.encode(), value=encode(letter))
        future.get(timeout=ACKNOWLEDGE_SECONDS)


def _without_original(letter: DeadLetter) -> DeadLetter:
    said = f"{letter.reason} (the original, {len(letter.original):,} bytes, is larger than Kafka takes and is not kept)"
    return msgspec.structs.replace(letter, reason=said, original=b"")
