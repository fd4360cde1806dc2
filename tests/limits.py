"""Changing what a topic takes, on a real broker, as an operator would. Not here: any test."""

from __future__ import annotations

from kafka.admin import ConfigResource, ConfigResourceType

from producers.connect import ask_limit
from schemas.refusals import LIMIT_SETTING
from schemas.settings import Settings
from schemas.topics import MAX_MESSAGE_BYTES
from tests.servers import wait_until
from tocsin.cluster import admin_client


def set_limit(settings: Settings, topic: str, limit_bytes: int = MAX_MESSAGE_BYTES) -> None:
    """Set `max.message.bytes` of a topic, and wait until the broker says so itself."""
    configure(settings, topic, {LIMIT_SETTING: str(limit_bytes)})
    wait_until(lambda: ask_limit(settings, topic) == limit_bytes, f"{topic} takes {limit_bytes} bytes")


def configure(settings: Settings, topic: str, changes: dict[str, str]) -> None:
    """Change settings of a topic; the others stay."""
    with admin_client(settings) as client:
        client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, changes)])
