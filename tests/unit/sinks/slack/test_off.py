"""Slack switched off, and the sink as it is built from settings."""

from __future__ import annotations

from uuid import UUID

import structlog

from schemas.settings import Settings
from sinks.sink import Assignment
from sinks.slack.context import operator_url
from sinks.slack.sink import build
from tests.unit.sinks.slack.world import batch, entry, incident, notification


def test_without_a_token_the_journal_is_followed_nothing_is_connected_and_it_is_said_once() -> None:
    sink = build(Settings(kafka="127.0.0.1:1"))
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            assert sink.assign(Assignment((0,), UUID(int=1))) == {}
            sink.deliver(batch(entry([incident()], [notification()])))
            sink.tend()
        sink.close()
    assert [log["event"] for log in logs] == ["slack_is_off"]


def test_operator_is_linked_by_its_listener_and_https_with_a_certificate() -> None:
    assert operator_url(Settings()) == "http://127.0.0.1:8081"
    assert operator_url(Settings(tls_cert="chain.pem")) == "https://127.0.0.1:8081"
