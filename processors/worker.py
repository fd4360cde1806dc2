"""The worker process: a Faust app that is given partitions of the inbox and hands their records to drivers.

The only file that knows Faust (with `faust_patches.py`). What is kept of it: joining the group, and delivering records.
State, offsets and writing are the drivers' (`driver.py`). Not here: any decision. Over 300 lines, for Faust to stay in one file.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Callable
from typing import Any

import faust
import structlog
from faust.types import TP
from ulid import ULID

from processors import faust_patches, measures
from processors.driver import PartitionDriver
from processors.entry_producer import EntryProducer
from processors.kafka_logs import KafkaLogs
from processors.partition import InboxRecord
from schemas.errors import TocsinError, Unavailable
from schemas.first_use import use_each_type_once
from schemas.kafka import client_options
from schemas.settings import Settings
from schemas.telemetry import PROCESSES, configure_logging, serve_metrics
from schemas.topics import INBOX, JOURNAL
from schemas.troubles import Troubles

log = structlog.get_logger()

SESSION_SECONDS = 6
HEARTBEAT_SECONDS = 2
"""Source of both: the stack as measured. A dead worker's partitions go to another after so long."""
NEVER_SECONDS = 10 * 365 * 86_400
BUFFERED_RECORDS = 128
"""Inbox records that wait in memory; each is at most 512 KiB."""
FETCH_BYTES = 1024 * 1024
"""Of each partition at a time; a larger record comes alone. More takes longer to work off than aiokafka waits for (0.1 s)."""
REST_SECONDS = 2
"""How long a rebalance is held up for the entry in flight."""
DRAIN_SECONDS = 3
KILL_SECONDS = 10
"""A worker that is still stopping after so long ends itself."""
UPKEEP_SECONDS = 1
STUCK_EXIT_CODE = 70
LIBRARIES_LEVEL = logging.ERROR
"""Below it the libraries tell of each rebalance in twenty lines; what matters of it is logged here."""


def run(settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT; returns when all that it decided is written.

    Raises `BrokenChain` when the journal cannot be followed or records are lost, `Unavailable` when Kafka is not there
    at the start. Any other exception is a fault of ours that stopped the worker before the record at hand was lost.
    """
    configure_logging()
    for library in ("faust", "mode", "aiokafka", "kafka"):
        logging.getLogger(library).setLevel(LIBRARIES_LEVEL)
    use_each_type_once()
    faust_patches.apply()
    _look_for_garbage_less_often()
    with tempfile.TemporaryDirectory(prefix="tocsin-worker-") as data:
        asyncio.run(_serve(settings, data))


def _look_for_garbage_less_often() -> None:
    """The state is millions of small objects that live long; looking through them all again and again took a third of the time.

    Measured: deciding about 50,000 alerts at once takes 0.51 instead of 0.86 s, recovering them 1.4 instead of 2.1 s.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _serve(settings: Settings, data: str) -> None:
    worker = Worker(settings, data, lambda: str(ULID()))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    serve_metrics(settings, _name(settings), lambda: worker.is_ready, lambda: worker.trouble)
    await worker.run()


def _name(settings: Settings) -> str:
    return settings.instance if settings.instance in PROCESSES else "process"


class Worker:
    """Owns the Faust app, and one driver for each partition that the group gives it."""

    def __init__(self, settings: Settings, data: str, new_writer_id: Callable[[], str]) -> None:
        self._settings = settings
        self._new_writer_id = new_writer_id
        self._drivers: dict[int, PartitionDriver] = {}
        self._producer = EntryProducer(client_options(settings), JOURNAL.full_name(settings.topic_prefix))
        self._troubles = Troubles(settings.data, _name(settings))
        self._inbox = INBOX.full_name(settings.topic_prefix)
        self._is_assigned = False
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None
        self._committed: dict[TP, int] = {}
        self._app: Any = _build_app(settings, data)
        self._app.on_partitions_revoked.connect(self._on_partitions_revoked)
        self._app.on_rebalance_complete.connect(self._on_rebalance_complete)
        topic = self._app.topic(
            self._inbox,
            key_type=bytes,
            key_serializer="raw",
            value_type=bytes,
            value_serializer="raw",
            allow_empty=True,
            acks=False,
        )
        self._app.agent(topic, name="inbox", concurrency=1)(self._read)

    @property
    def is_ready(self) -> bool:
        """Whether the group has given it partitions (perhaps none), it knows the state of each, and can write."""
        return self._is_assigned and all(driver.is_ready for driver in self._drivers.values()) and not self.trouble

    @property
    def trouble(self) -> str:
        """What is wrong with writing, in words; from any thread."""
        return self._producer.trouble

    def stop(self) -> None:
        """Begin to stop; `run` returns when it is done."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`, or until a failure, which is raised when all is stopped."""
        starting = asyncio.create_task(self._app.start())
        upkeep = asyncio.create_task(self._keep_up())
        starting.add_done_callback(self._note_end)
        upkeep.add_done_callback(self._note_end)
        log.info("worker_started", group=self._app.conf.id)
        await self._stopping.wait()
        _end_at_last(KILL_SECONDS)
        upkeep.cancel()
        await self._drain()
        starting.cancel()
        await asyncio.gather(starting, upkeep, return_exceptions=True)
        await self._app.stop()
        await self._producer.stop()
        log.info("worker_stopped", failure=repr(self._failure) if self._failure else None)
        if self._failure is not None:
            raise self._failure

    # -- from Faust ------------------------------------------------------------

    async def _read(self, stream: Any) -> None:
        """Hand on each record. An exception that left an agent would be acknowledged and forgotten: it ends the process."""
        try:
            async for event in stream.events():
                message = event.message
                driver = self._drivers.get(message.partition)
                if driver is not None:
                    await driver.take(_plain(message))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - see above
            self._fail(error)

    async def _on_partitions_revoked(self, *_: Any, **__: Any) -> None:
        """Every rebalance takes all partitions first; some come back."""
        self._is_assigned = False
        await asyncio.gather(*(driver.rest(REST_SECONDS) for driver in self._drivers.values()))

    async def _on_rebalance_complete(self, *_: Any, **__: Any) -> None:
        try:
            await self._take_over(self._app.consumer_generation_id)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the process's edge
            self._fail(error)

    async def _take_over(self, generation: int) -> None:
        """Know the state of every partition that is ours now, and let records come from where each goes on."""
        ours = self._assigned()
        lost = [driver for partition, driver in self._drivers.items() if partition not in ours]
        self._drivers = {partition: driver for partition, driver in self._drivers.items() if partition in ours}
        await asyncio.gather(*(driver.drop() for driver in lost))
        await self._resume_kept()
        for partition in sorted(ours - self._drivers.keys()):
            logs = KafkaLogs(self._settings, partition, self._producer)
            self._drivers[partition] = PartitionDriver(partition, logs, self._new_writer_id, self._fail)
            self._drivers[partition].start()
        measures.PARTITIONS.set(len(self._drivers))
        while not await self._all_ready():
            if generation != self._app.consumer_generation_id or self._stopping.is_set():
                return
        offsets = self._offsets(lambda driver: max(1, driver.next_inbox))
        if offsets:
            await faust_patches.start_from(self._app.consumer, offsets)
        self._is_assigned = True
        log.info("partitions_assigned", partitions=sorted(ours), generation=generation)

    async def _resume_kept(self) -> None:
        for driver in list(self._drivers.values()):
            try:
                await driver.resume()
            except Unavailable:
                # Its writer cannot be compared with the journal: it begins anew instead.
                await driver.drop()
                del self._drivers[driver.partition]

    async def _all_ready(self) -> bool:
        """Wait a moment for all drivers."""
        waiting = [asyncio.create_task(driver.wait_until_ready()) for driver in self._drivers.values()]
        if not waiting:
            return True
        _, pending = await asyncio.wait(waiting, timeout=0.2)
        for task in pending:
            task.cancel()
        return not pending

    def _assigned(self) -> set[int]:
        return {partition.partition for partition in self._app.consumer.assignment() if partition.topic == self._inbox}

    def _offsets(self, of: Callable[[PartitionDriver], int]) -> dict[TP, int]:
        """Give an offset for each partition that is assigned at this moment."""
        assigned = self._assigned()
        return {TP(self._inbox, partition): of(driver) for partition, driver in self._drivers.items() if partition in assigned}

    # -- all the time ----------------------------------------------------------

    async def _keep_up(self) -> None:
        """Commit what is covered, which is for monitoring alone, and notice when Faust has crashed or delivers nothing."""
        while True:
            await asyncio.sleep(UPKEEP_SECONDS)
            self._troubles.tell("journal", self.trouble)
            measures.IN_FLIGHT_SECONDS.set(max((driver.in_flight_seconds for driver in self._drivers.values()), default=0))
            if self._app.crashed:
                raise Unavailable(f"Faust has crashed: {self._app.crash_reason!r}")
            if self._is_assigned:
                await self._commit()
                await asyncio.gather(*(driver.catch_up_if_stalled() for driver in self._drivers.values()))

    async def _commit(self) -> None:
        offsets = {tp: offset for tp, offset in self._offsets(lambda driver: driver.covered).items() if offset > 0}
        if offsets and offsets != self._committed:
            await self._app.consumer._commit(offsets)
            self._committed = offsets

    async def _drain(self) -> None:
        """Write what is decided and commit it."""
        await asyncio.gather(*(driver.close(DRAIN_SECONDS) for driver in self._drivers.values()))
        if self._is_assigned and self._failure is None:
            await self._commit()
        self._drivers = {}

    def _note_end(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error if isinstance(error, TocsinError) else Unavailable(f"the worker cannot go on: {error!r}"))

    def _fail(self, error: BaseException) -> None:
        if self._failure is None:
            self._failure = error
            log.error("worker_failed", error=repr(error))
        self._stopping.set()


def _plain(message: Any) -> InboxRecord:
    """Undo what Faust does to a record: it divides the timestamp by 1000."""
    return InboxRecord(message.offset, round(message.timestamp * 1000), message.value, list(message.headers or ()))


def _build_app(settings: Settings, data: str) -> faust.App:
    """Build the app by the rules that each cost records when broken (tests/contract/stack)."""
    options = client_options(settings)
    return faust.App(
        f"{settings.topic_prefix}process",
        broker=[f"kafka://{server}" for server in options["bootstrap_servers"]],
        broker_credentials=_credentials(options),
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_commit_interval=NEVER_SECONDS,
        broker_max_poll_records=BUFFERED_RECORDS,
        consumer_max_fetch_size=FETCH_BYTES,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=BUFFERED_RECORDS,
        stream_wait_empty=False,
        stream_recovery_delay=0,
        processing_guarantee="at_least_once",
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        datadir=data,
        store="memory://",
        loop=asyncio.get_running_loop(),
    )


def _credentials(options: dict[str, Any]) -> Any:
    context = options.get("ssl_context")
    if "sasl_mechanism" in options:
        return faust.SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=options["sasl_mechanism"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None


def _end_at_last(seconds: float) -> None:
    """End the process if it still runs after so long: Faust sometimes never stops, and what matters is written by then."""
    killer = threading.Timer(seconds, os._exit, (STUCK_EXIT_CODE,))
    killer.daemon = True
    killer.start()
