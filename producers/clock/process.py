"""The clock as a process: beats each second, and at once when the configuration changes, until a signal.

Not here: what a beat says (`clock.py`).
"""

from __future__ import annotations

import signal
from queue import Empty, SimpleQueue
from typing import Literal

import structlog

from producers.clock import metrics
from producers.clock.clock import Clock
from producers.follow_configuration import ConfigurationFollower
from producers.inbox import Counted, KafkaInbox
from producers.open_inbox import open_inbox
from schemas.clock import now_millis
from schemas.errors import Unavailable
from schemas.first_use import use_each_type_once
from schemas.settings import Settings
from schemas.telemetry import serve_metrics
from schemas.troubles import Troubles

log = structlog.get_logger()
NAME = "clock"
BEAT_SECONDS = 1.0
RETRY_SECONDS = 1.0
CLOSE_SECONDS = 2.0
# A queue, not an Event: its put may be called from a signal handler while the same thread waits for it.
Wakes = SimpleQueue[Literal["configuration", "stop"]]


def run(settings: Settings) -> None:
    """Tick and distribute until SIGTERM or SIGINT."""
    use_each_type_once()
    wakes: Wakes = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: wakes.put("stop"))
    counted = Counted(lost=metrics.UNACKNOWLEDGED.inc, replaced=metrics.PRODUCERS_REPLACED.inc, refused=metrics.count_refusal)
    inbox = open_inbox(settings, counted)
    troubles = Troubles(settings.data, NAME)
    follower = ConfigurationFollower(settings, lambda *_: wakes.put("configuration"))
    serve_metrics(settings, NAME, lambda: inbox.is_answering, lambda: inbox.trouble)
    if _connect(inbox, wakes):
        follower.start()
        _beat_until_stopped(inbox, follower, Clock(inbox, settings.partitions, now_millis), wakes, troubles)
    inbox.close(CLOSE_SECONDS)
    follower.stop()
    log.info("clock_stopped")


def _connect(inbox: KafkaInbox, wakes: Wakes) -> bool:
    """Connect, however long that takes; False when a signal came first."""
    while True:
        try:
            inbox.connect()
            return True
        except Unavailable as error:
            log.warning("kafka_unavailable", reason=str(error))
        if _is_stopped_within(wakes, RETRY_SECONDS):
            return False


def _beat_until_stopped(
    inbox: KafkaInbox, follower: ConfigurationFollower, clock: Clock, wakes: Wakes, troubles: Troubles
) -> None:
    while True:
        version, configuration = follower.current
        clock.beat(version, configuration)
        inbox.look_after()
        troubles.tell("inbox", inbox.trouble)
        if _is_stopped_within(wakes, BEAT_SECONDS):
            return


def _is_stopped_within(wakes: Wakes, seconds: float) -> bool:
    """Wait for so long, or less when something happens; True when that is a signal to stop."""
    try:
        return wakes.get(timeout=seconds) == "stop"
    except Empty:
        return False
