"""A fake Slack, as new for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.slack import RunningSlack, running_slack
from tests.unit.sinks.slack.world import SlackWorld


@pytest.fixture(scope="session")
def slack_server() -> Iterator[RunningSlack]:
    with running_slack() as slack:
        yield slack


@pytest.fixture
def world(slack_server: RunningSlack) -> SlackWorld:
    slack_server.reset(channels=frozenset({"C1", "C2", "C3"}))
    return SlackWorld(slack_server)
