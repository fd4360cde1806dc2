"""Alerts about receivers, written to `inbox` by the sink that cannot reach them: an ordinary alert, counted like any other.

Each is sent again every five minutes and ends by itself when it is not: so that a sink that is gone leaves none behind.
Not here: what is wrong (`slack/trouble.py`), whom the core tells (`processors/core/receiver_alerts.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from kafka.errors import KafkaError

from schemas.codec import encode, encode_body
from schemas.errors import Unavailable
from schemas.own_alerts import OWN_FORMAT, OWN_IDENTITY, OWN_INTEGRATION, RECEIVERS_LABEL, fingerprint_of
from schemas.records import AlertBatch, AlertEvent, Content, Frame
from schemas.settings import Settings
from schemas.topics import EVENTS_HEADER, INBOX, partition_of
from sinks.producer import connect_producer

ACKNOWLEDGE_SECONDS = 5.0
CLOSE_SECONDS = 1.0
REPEAT_SECONDS = 300.0
EXPIRES_AFTER_MILLIS = 900_000
"""Three repeats may be missed."""


@dataclass(frozen=True, slots=True)
class OwnAlert:
    """What a project is told. `subject` names the condition for as long as it lasts; `since` is wall clock in milliseconds."""

    project: str
    subject: str
    title: str
    description: str
    receivers: tuple[str, ...]
    since: int


class OwnAlerts(Protocol):
    """What is needed of `InboxAlerts`; see there."""

    def send(self, alert: OwnAlert, is_firing: bool) -> None: ...
    def close(self) -> None: ...


class InboxAlerts:
    """Connects at the first alert: most sinks never raise one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = INBOX.full_name(settings.topic_prefix)
        self._producer: Any = None

    def send(self, alert: OwnAlert, is_firing: bool) -> None:
        """Write one, and wait for its acknowledgement; safe to repeat. Raises `Unavailable`; it may be written even so."""
        partition = partition_of(alert.project, self._settings.partitions)
        events = json.dumps({alert.project: 1}).encode()
        try:
            if self._producer is None:
                self._producer = connect_producer(self._settings)
            value = encode(build_frame(alert, is_firing))
            sent = self._producer.send(self._topic, value=value, partition=partition, headers=[(EVENTS_HEADER, events)])
            sent.get(timeout=ACKNOWLEDGE_SECONDS)
        except KafkaError as error:
            self.close()
            raise Unavailable(f"an alert of our own could not be written: {error!r}") from error

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=CLOSE_SECONDS)
            self._producer = None


def build_frame(alert: OwnAlert, is_firing: bool) -> Frame:
    """Build the inbox record of one alert."""
    labels = {"alertname": "ReceiverBroken", RECEIVERS_LABEL: ",".join(alert.receivers)}
    content = Content(alert.title, description=alert.description, monitoring_tool="tocsin", labels=labels)
    event = AlertEvent(
        0, fingerprint_of(alert.subject), OWN_IDENTITY, is_firing, "high", alert.since, None, encode_body(content), b"{}",
        expires_after_millis=EXPIRES_AFTER_MILLIS if is_firing else None,
    )  # fmt: skip
    return Frame([AlertBatch(alert.project, OWN_INTEGRATION, OWN_FORMAT, "high", "", 1, [event])])
