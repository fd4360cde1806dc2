"""Runs the demo from its start to its end, and says whether all that it promised was so.

Not here: the scenes (`story.py`), what runs (`stack.py`).
"""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack, closing
from functools import partial

from rich.console import Console

from schemas.clock import now_millis
from schemas.errors import TocsinError, Unavailable
from schemas.first_use import use_each_type_once
from schemas.settings import Settings
from schemas.topics import partition_of
from tocsin.asking import Asking
from tocsin.demo import watching
from tocsin.demo.doors import Doors
from tocsin.demo.looking import Scenery
from tocsin.demo.person import Person
from tocsin.demo.seen import Operator, ReadModel, StatusPage
from tocsin.demo.slack import FakeSlack
from tocsin.demo.stack import INTEGRATIONS, PERSON, Demo, running
from tocsin.demo.story import Story
from tocsin.demo.summary import tell_addresses, tell_summary
from tocsin.demo.telling import Teller, until
from tocsin.status_ledger import read_ledger

PROJECT = "shop"
OPENING_SECONDS = 60


class DemoFailed(TocsinError):
    """The story did not go as it should; says what differed."""


def run(settings: Settings, once: bool) -> None:
    """Play the story; then stay until Ctrl-C or SIGTERM, unless `once`.

    Raises `DemoFailed` when an expectation did not hold, `Unavailable` or `OperatorError` when something did not start.
    """
    use_each_type_once()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    teller = Teller(Console(), now_millis)
    teller.say("tocsin demo: an outage of the example shop, through the real pipeline. Times of day are UTC.")
    teller.tell("starting", "Kafka, PostgreSQL, Prometheus, the fake Slack and all processes of tocsin; about 10 s")
    try:
        with running(settings) as demo:
            _play(teller, demo, once)
    except KeyboardInterrupt:
        raise DemoFailed("stopped before the end of the story") from None


def _play(teller: Teller, demo: Demo, once: bool) -> None:
    for line in demo.moved:
        teller.add(line)
    token = (demo.data / "token").read_text().strip()
    with ExitStack() as stack:
        scenery = Scenery(
            doors=stack.enter_context(closing(Doors(demo.webhook, demo.tokens))),
            ada=Person(stack.enter_context(Asking(demo.operator, demo.tokens[PERSON])), PROJECT),
            operator=stack.enter_context(closing(Operator(demo.operator, PROJECT, token))),
            watched=stack.enter_context(closing(Operator(demo.operator, watching.PROJECT, token))),
            page=stack.enter_context(closing(StatusPage(demo.statuspage))),
            read_model=ReadModel(demo.settings.database_url),
            slack=stack.enter_context(closing(FakeSlack(demo.settings.slack_api_url))) if demo.is_slack_fake else None,
            ledger=partial(read_ledger, demo.settings),
            now_millis=now_millis,
        )
        _wait_for_doors(scenery, demo)
        teller.tell("ready", f"after {demo.seconds:.1f} s; data and logs in {demo.data}")
        story = Story(teller, scenery)
        story.play()
        tell_summary(story)
        if not once:
            tell_addresses(story, demo)
        _conclude(teller)
        if not once:
            _stay(teller, demo)
    if teller.differences:
        raise DemoFailed(
            f"{len(teller.differences)} of the story's expectations did not hold; data and logs are kept in {demo.data}"
        )


def _wait_for_doors(scenery: Scenery, demo: Demo) -> None:
    """Wait until every part has the configuration, so that the first alert is decided by it."""
    partitions = {partition_of(project, demo.settings.partitions) for project in (PROJECT, watching.PROJECT)}
    parts = {
        "the webhook": lambda: all(scenery.doors.is_open(name) for name in INTEGRATIONS),
        "the worker": lambda: all(scenery.read_model.is_configured(partition) for partition in partitions),
        "the status page": scenery.page.is_there,
        "Prometheus": lambda: watching.sees_webhook(demo.prometheus),
    }
    for name, is_ready in parts.items():
        if not until(is_ready, bool, OPENING_SECONDS):
            raise Unavailable(f"{name} was not ready within {OPENING_SECONDS} s; see {demo.data}/up.log")


def _conclude(teller: Teller) -> None:
    teller.say()
    if not teller.differences:
        teller.say(f"✓ All {teller.held} expectations of the story held.", "bold green")
        return
    teller.say(f"▲ {len(teller.differences)} of {teller.held + len(teller.differences)} expectations did not hold:", "bold red")
    for difference in teller.differences:
        teller.say(f"  {difference}", "red")


def _stay(teller: Teller, demo: Demo) -> None:
    teller.say("It keeps running. Ctrl-C stops everything and removes the data.")
    try:
        while demo.supervisor.poll() is None:
            time.sleep(0.2)
    except KeyboardInterrupt:
        teller.say()
        teller.tell("stopping", "everything")
        return
    raise Unavailable(f"tocsin up has ended; see {demo.data}/up.log")
