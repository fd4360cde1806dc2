"""The webhook as a process: wires its parts, serves until a signal, leaves without losing what it accepted.

Not here: anything that the parts decide.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable

import structlog
import uvloop

from producers.follow_configuration import ConfigurationFollower
from producers.inbox import Counted
from producers.inbox_of_loop import InboxOfLoop
from producers.listener import bound_address, open_listener
from producers.open_inbox import open_inbox
from producers.serve import build_server
from producers.watch_disks import watch_disks
from producers.webhook import metrics
from producers.webhook.app import App, Parts
from producers.webhook.body import Room
from producers.webhook.complaints import Complaints
from producers.webhook.database import Database
from producers.webhook.doors import Doors, index_doors
from producers.webhook.failures import Failures
from producers.webhook.formats.recognise import vendors
from producers.webhook.publish import Publisher
from producers.webhook.rates import Rates
from producers.webhook.receipts import new_receipt
from producers.webhook.ticks import DoorTicks
from producers.webhook.turns import Turns
from schemas.clock import now_millis
from schemas.configuration import Configuration
from schemas.disk import Disks
from schemas.first_use import use_each_type_once
from schemas.settings import Settings
from schemas.telemetry import serve_metrics
from schemas.troubles import Troubles

log = structlog.get_logger()
NAME = "webhook"
SWITCH_SECONDS = 0.0005
"""Kafka's client has threads of its own: at Python's 5 ms each of its few steps for an answer would wait so long for the loop."""
CLOSE_SECONDS = 1.0
RETRY_SECONDS = 1.0


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; raises `SettingsError` when the listener cannot be opened."""
    vendors()  # loads them, and so the types of plug-ins
    use_each_type_once()
    sys.setswitchinterval(SWITCH_SECONDS)
    with contextlib.closing(open_listener(settings, settings.webhook_listen)) as listener:
        uvloop.run(Webhook(settings, listener).serve())


class Webhook:
    """The parts of one process, and the order in which they start and stop."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        self._doors = Doors()
        counted = Counted(
            metrics.ACKNOWLEDGED_SECONDS.observe,
            metrics.LOST_FRAMES.inc,
            metrics.PRODUCERS_REPLACED.inc,
            metrics.count_refusal,
        )
        self._inbox = InboxOfLoop(open_inbox(settings, counted))
        self._troubles = Troubles(settings.data, NAME)
        self._disks = Disks(settings.watched_disks, settings)
        self._ticks = DoorTicks(self._inbox, settings.partitions, now_millis, lambda: self._disks.shortage is not None)
        self._follower = ConfigurationFollower(settings, self._take_configuration)
        self._is_stopped = asyncio.Event()
        self._database = Database(settings.database_url)
        self._publisher = Publisher(self._inbox, settings.partitions, max_waiting_bytes=settings.max_unacknowledged_bytes)
        self._complaints = Complaints(self._publisher)
        parts = Parts(
            doors=lambda: self._doors,
            publisher=self._publisher,
            complaints=self._complaints,
            room=Room(settings.max_large_bodies_bytes),
            is_accepting=lambda: self.is_accepting,
            is_ready=lambda: self.is_ready,
            new_receipt=lambda door, count: new_receipt(door, count, now_millis, os.urandom),
            outcomes=self._database,
            now_millis=now_millis,
            rates=Rates(time.monotonic),
            turns=Turns(),
            failures=Failures(time.monotonic, self._pause),
            trouble=lambda: self._troubles.text,
            trusted_proxy=settings.trusted_proxy,
            body_seconds=settings.max_body_seconds,
            disks=self._disks,
        )
        self._server = build_server(settings, App(parts), metrics.count_answer)

    @property
    def is_accepting(self) -> bool:
        """Whether requests may come in: the configuration is known, and every partition has a door tick."""
        return self._follower.has_caught_up and self._ticks.is_open

    @property
    def is_ready(self) -> bool:
        return self.is_accepting and self._inbox.inbox.is_answering and self._disks.shortage is None

    async def serve(self) -> None:
        """Open the door, accept when everything stands, close in order after a signal."""
        self._catch_signals(self._is_stopped.set)
        serve_metrics(self._settings, NAME, lambda: self.is_ready, lambda: self._troubles.text)
        self._follower.start()
        server = asyncio.create_task(self._server.serve([self._listener]))
        work = asyncio.create_task(self._work())
        looking = asyncio.create_task(watch_disks(self._disks, self._troubles))
        stopped = asyncio.create_task(self._is_stopped.wait())
        log.info("listener_opened", address=str(bound_address(self._listener)))
        await asyncio.wait((server, work, looking, stopped), return_when=asyncio.FIRST_COMPLETED)
        await self._close(server)
        for task in (work, looking, stopped):
            task.cancel()
        for result in await asyncio.gather(server, work, looking, stopped, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                raise result

    async def _work(self) -> None:
        await self._inbox.connect(RETRY_SECONDS)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ticks.run())
            tasks.create_task(self._inbox.watch())
            tasks.create_task(self._inbox.tell(self._troubles))

    async def _close(self, server: asyncio.Task[None]) -> None:
        self._ticks.stop()
        self._server.should_exit = True
        await asyncio.wait((server,))
        self._complaints.flush()
        self._publisher.flush()
        await self._database.close()
        await asyncio.to_thread(self._inbox.inbox.close, CLOSE_SECONDS)
        await asyncio.to_thread(self._follower.stop)
        log.info("webhook_stopped")

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the signal to stop."""
        try:
            await asyncio.wait_for(self._is_stopped.wait(), seconds)
        except TimeoutError:
            pass

    def _take_configuration(self, version: int, configuration: Configuration) -> None:
        self._doors = index_doors(configuration, self._settings)

    @staticmethod
    def _catch_signals(stop: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
