"""The harnesses of the sinks that speak to the world outside: Slack and the status page."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from schemas.clock import now_millis
from schemas.configuration import Component, Configuration, Receiver, SlackReceiver, StatusPage
from schemas.limits import Limits
from sinks.follow_configuration import Applied
from sinks.sink import Batch, Sink
from sinks.slack.client import SlackClient
from sinks.slack.context import Context
from sinks.slack.postman import Postman
from sinks.slack.sink import SlackSink
from sinks.slack.threads import Threads
from sinks.slack.trouble import Trouble
from sinks.statuspage.publish import Publisher
from sinks.statuspage.sink import StatusPageSink
from sinks.statuspage.store import PublishedStore
from tests.fakes.slack import RunningSlack
from tests.fakes.stores import Alerts, Configured, Letters, MemoryStore
from tests.world import PROJECT
from tocsin.embedded.fake_slack.workspace import Fault

CONFIGURATION = Configuration(
    receivers={"oncall": Receiver(slack=SlackReceiver(channel="C1"))},
    status_page=StatusPage(
        title="Status", url="https://status.example.com", components=[Component(id="checkout", name="Checkout", project=PROJECT)]
    ),
)


class SlackHarness:
    """The fake Slack over HTTP, threads in memory. Away: neither Slack nor the topic of threads answers."""

    speaks_of_history = False

    def __init__(self, slack: RunningSlack) -> None:
        self._slack = slack
        self._store = MemoryStore()

    def build(self) -> Sink:
        postman = Postman(
            SlackClient(self._slack.url, "", Limits()),
            Letters(),
            now_millis,
            time.monotonic,
            "journal",
            Context("http://127.0.0.1"),
        )
        trouble = Trouble(MemoryStore(), Alerts(), 4, time.monotonic)
        return SlackSink(Configured(Applied(CONFIGURATION, 0, 0)), Threads(self._store, 4), postman, trouble)

    def told(self) -> dict[int, str]:
        texts = [post["text"] for post in self._slack.posts()]
        found = [re.fullmatch(r".* \w+, (\w+): .* \(shop #(\d+)\)", text) for text in texts]
        told = {int(one[2]): one[1] for one in found if one}
        assert len(told) == len(texts), f"something was told twice: {texts}"
        return told

    def set_reachable(self, is_reachable: bool) -> None:
        self._store.is_reachable = is_reachable
        self._slack.workspace.faults = [] if is_reachable else [Fault(status=503, times=-1)]


class StatusPageHarness:
    """A directory, publications in memory. Away: the topic of publications does not answer."""

    speaks_of_history = True

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._store = MemoryStore()

    def build(self) -> Sink:
        configuration = Configured(Applied(CONFIGURATION, 0, 0))
        return _TendedPage(configuration, PublishedStore(self._store), Publisher(self._directory), now_millis)

    def told(self) -> dict[int, str]:
        """Titles are `disk NUMBER: down`; the page has no numbers."""
        answer = json.loads((self._directory / "current/api/v2/incidents.json").read_text())
        statuses = {"investigating": "triggered", "resolved": "resolved"}
        return {int(one["name"].split()[1].rstrip(":")): statuses[one["status"]] for one in answer["incidents"]}

    def set_reachable(self, is_reachable: bool) -> None:
        self._store.is_reachable = is_reachable


class _TendedPage(StatusPageSink):
    """Tended after each batch, where the reader's second would pass."""

    def deliver(self, batch: Batch) -> None:
        super().deliver(batch)
        self.tend()
