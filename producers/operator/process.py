"""The operator door as a process: wires its parts, serves until a signal.

Not here: anything that the parts decide.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from pathlib import Path

import structlog
import uvloop

from producers.follow_configuration import ConfigurationFollower
from producers.inbox import Counted
from producers.inbox_of_loop import InboxOfLoop
from producers.listener import bound_address, open_listener
from producers.open_inbox import open_inbox
from producers.operator import metrics
from producers.operator.app import Parts, build_app
from producers.operator.commands.give import Giver
from producers.operator.commands.outcomes import Outcomes
from producers.operator.database import Database
from producers.operator.viewers import build_directory
from producers.serve import build_server
from producers.watch_disks import watch_disks
from schemas.clock import now_millis
from schemas.configuration import Configuration
from schemas.disk import Disks
from schemas.errors import SettingsError
from schemas.first_use import use_each_type_once
from schemas.settings import Settings
from schemas.telemetry import serve_metrics
from schemas.troubles import Troubles

log = structlog.get_logger()
NAME = "operator"
WATCH_SECONDS = 2.0
RETRY_SECONDS = 1.0
CLOSE_SECONDS = 1.0


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; raises `SettingsError` when the listener cannot be opened or no database is named."""
    if not settings.database_url:
        raise SettingsError("TOCSIN_DATABASE_URL is empty: the operator door reads PostgreSQL")
    use_each_type_once()
    with contextlib.closing(open_listener(settings, settings.operator_listen)) as listener:
        uvloop.run(Operator(settings, listener).serve())


class Operator:
    """The parts of one process, and the order in which they start and stop."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        self._local_token = read_local_token(settings.data)
        self._directory = build_directory(Configuration(), self._local_token)
        self._database = Database(settings.database_url)
        self._follower = ConfigurationFollower(settings, self._take_configuration)
        self._is_ready = False
        counted = Counted(lost=metrics.LOST_COMMANDS.inc, replaced=metrics.PRODUCERS_REPLACED.inc, refused=metrics.count_refusal)
        self._inbox = InboxOfLoop(open_inbox(settings, counted))
        self._troubles = Troubles(settings.data, NAME)
        self._disks = Disks(settings.watched_disks, settings)
        parts = Parts(
            database=self._database,
            directory=lambda: self._directory,
            is_accepting=lambda: self._follower.has_caught_up,
            is_ready=self.ask_ready,
            trouble=lambda: self._troubles.text,
            giver=Giver(self._inbox, Outcomes(self._database), settings.partitions, disks=self._disks),
            now_millis=now_millis,
            random_bytes=os.urandom,
            limits=settings,
        )
        self._server = build_server(settings, build_app(parts))

    async def ask_ready(self) -> bool:
        """Say whether requests can be answered: people are known, and the database has the read model."""
        return self._follower.has_caught_up and await self._database.is_answering()

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        # The pool tells of each failed attempt to connect; what fails for someone is logged at his request.
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        serve_metrics(self._settings, NAME, lambda: self._is_ready, lambda: self._troubles.text)
        self._follower.start()
        await self._database.open()
        log.info("listener_opened", address=str(bound_address(self._listener)))
        told = self._inbox.tell(self._troubles)
        looking = watch_disks(self._disks, self._troubles)
        tasks = [asyncio.create_task(work) for work in (self._watch(), self._keep_connected(), told, looking)]
        await self._server.serve([self._listener])
        for task in tasks:
            task.cancel()
        await self._database.close()
        await asyncio.to_thread(self._inbox.inbox.close, CLOSE_SECONDS)
        await asyncio.to_thread(self._follower.stop)
        log.info("operator_stopped")

    def _stop(self) -> None:
        self._server.should_exit = True

    async def _watch(self) -> None:
        """Keep readiness at hand for the metrics port, which asks from another thread."""
        while True:
            self._is_ready = await self.ask_ready()
            await asyncio.sleep(WATCH_SECONDS)

    async def _keep_connected(self) -> None:
        """Hold a producer for commands; reading does without, so that readiness does not wait for it."""
        await self._inbox.connect(RETRY_SECONDS)
        await self._inbox.watch()

    def _take_configuration(self, version: int, configuration: Configuration) -> None:
        self._directory = build_directory(configuration, self._local_token)


def read_local_token(data: Path) -> str | None:
    """Read the local admin token; None when there is none."""
    try:
        return (data / "token").read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None
