"""`tocsin up`: what is started after what, until somebody says stop.

Servers first; then topics, migrations and configuration, which are commands like any other; then all processes.
Not here: keeping a child running (`supervisor.py`), what the servers need (`embedded/`). Call it from the main thread:
children end with the thread that started them.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from schemas.disk import SEPARATOR, Disks
from schemas.errors import OperatorError, Unavailable
from schemas.first_use import use_each_type_once
from schemas.settings import PREFIX, Address, Settings
from tocsin import state
from tocsin.embedded import kafka, ports, postgres
from tocsin.embedded.launch import Child
from tocsin.ends import signal_name
from tocsin.exits import NOT_REACHABLE
from tocsin.output import Output
from tocsin.processes import Process, Stage, select
from tocsin.report import Report
from tocsin.state import StackState
from tocsin.supervisor import Kept, Supervisor

READY_SECONDS = 90
"""Until a server must answer: log recovery after a kill takes its time on a busy machine."""
POLL_SECONDS = 0.1
DOOR_SECONDS = 15
"""For a door whose port answers to be ready: it reads the configuration, and the webhook waits for its first ticks."""
KAFKA_FIELDS = (
    "kafka", "kafka_security_protocol", "kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password", "kafka_ssl_cafile",
)  # fmt: skip
USE_TABLES = {"operator", "sink-postgres"}
DOORS = {"webhook": "webhook_listen", "operator": "operator_listen", "statuspage-server": "statuspage_listen"}


def run(settings: Settings, only: list[str] | None = None) -> None:
    """Run the stack on one data directory until SIGINT or SIGTERM; `only` names the processes to start besides the servers.

    Raises `OperatorError` when the directory is in use or the set-up cannot work, `Unavailable` when a server does not come up.
    """
    use_each_type_once()
    settings = dataclasses.replace(
        settings,
        data=settings.data.resolve(),
        config=str(Path(settings.config).resolve()) if settings.config else "",
        instance=settings.instance or f"{socket.gethostname()}-{hashlib.sha256(bytes(settings.data.resolve())).hexdigest()[:6]}",
        statuspage_dir=settings.statuspage_dir or str(settings.data.resolve() / "statuspage"),
    )
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(state.hold(settings.data))
            state.keep_token(settings.data)
            stack = Stack(settings, select(settings, only))
        except OSError as error:
            raise Unavailable(f"the data directory {settings.data} cannot be used: {error}") from error
        asyncio.run(stack.run())


def environment_of(settings: Settings) -> dict[str, str]:
    """Give our own environment with the settings written over it: what each process is started with.

    A process that dies by a fault in a library then says in its log which line of Python it was at.
    """
    values = {PREFIX + field.name.upper(): str(getattr(settings, field.name)) for field in dataclasses.fields(Settings)}
    return {"PYTHONFAULTHANDLER": "1", **os.environ, **values, "PYTHONUNBUFFERED": "1"}


class Stack:
    """One run of everything on one data directory."""

    def __init__(self, settings: Settings, processes: list[Process]) -> None:
        self.settings = settings
        self.processes = processes
        self.has_own_kafka = not settings.kafka
        self.health = "starting"
        self.output = Output(settings.data / "log")
        self.supervisor = Supervisor(self.output, self._write_state)
        self.report = Report(settings, self.output, self.supervisor, self._describe)
        self._stops_asked = 0
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Start all, wait until told to stop, stop all."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ask_to_stop)
        stop = asyncio.create_task(self._stop.wait())
        start = asyncio.create_task(self._start())
        report = asyncio.create_task(self.report.repeat())
        try:
            await asyncio.wait([start, stop], return_when=asyncio.FIRST_COMPLETED)
            if start.done():
                start.result()
                await stop
            else:
                start.cancel()
                await asyncio.wait([start])
        finally:
            self.health = "stopping"
            self.output.say("stopping")
            await self.supervisor.stop()
            report.cancel()
            self.report.end()
            self.output.say("stopped")
            self.output.close()

    async def _start(self) -> None:
        begun = time.monotonic()
        await self._start_servers()
        self._write_state()
        await self._prepare_servers()
        for process in self.processes:
            self._keep(process)
        await self._wait_for_doors()
        self.health = "ready"
        self._write_state()
        scheme = "https" if self.settings.tls_cert else "http"
        addresses = "  ".join(f"{name} {scheme}://{address}" for name, address in self._addresses().items())
        self.output.say(f"ready in {time.monotonic() - begun:.1f} s  {addresses}  data {self.settings.data}")

    async def _start_servers(self) -> None:
        waits: list[Coroutine[Any, Any, None]] = []
        if not self.settings.kafka:
            waits.append(self._start_kafka())
        if not self.settings.database_url:
            waits.append(self._start_postgres())
        await asyncio.gather(*waits)

    async def _start_kafka(self) -> None:
        broker = kafka.prepare(self.settings.data)
        self._watch_disk_of(self.settings.data / "kafka")

        def source() -> Child:
            # Until it has answered once, a port that somebody else took meanwhile can still be changed; then clients know it.
            nonlocal broker
            if not self.settings.kafka and kept.restarts:
                broker = kafka.prepare(self.settings.data)
            return broker.child

        kept = self.supervisor.keep("kafka", Stage.SERVERS, source)
        await self._until_ready(kept, lambda: broker.is_ready())
        self.settings = broker.client_settings(self.settings)

    async def _start_postgres(self) -> None:
        database = postgres.prepare(self.settings.data)
        self._watch_disk_of(self.settings.data / "postgres")
        kept = self.supervisor.keep("postgres", Stage.SERVERS, lambda: database.child)
        await self._until_ready(kept, database.is_ready)
        self.settings = dataclasses.replace(self.settings, database_url=database.url)

    async def _prepare_servers(self) -> None:
        """Topics, and tables where somebody uses them; then the configuration, which needs the topics."""
        # A refusal would end our own Kafka with us, and no command could reach it then: what breaks is mended at once.
        mend = ["--mend"] if self.has_own_kafka else []
        steps = [self._command("topics", "create", "--wait", str(READY_SECONDS), *mend)]
        if USE_TABLES & {process.name for process in self.processes}:
            steps.append(self._command("database", "migrate"))
        await asyncio.gather(*steps)
        if self.settings.config:
            await self._command("config", "apply", self.settings.config)

    async def _command(self, *arguments: str) -> None:
        code = await self.supervisor.run(self._child("setup", arguments))
        if code < 0:
            raise Unavailable(f"`tocsin {' '.join(arguments)}` was ended by {signal_name(-code)}")
        if code == NOT_REACHABLE:
            raise Unavailable(f"`tocsin {' '.join(arguments)}` could not reach its server; its reason stands above")
        if code != 0:
            raise OperatorError(f"`tocsin {' '.join(arguments)}` was refused; its reason stands above")

    def _keep(self, process: Process) -> None:
        self.supervisor.keep(process.name, process.stage, lambda: self._child(process.name, process.command))

    def _child(self, name: str, arguments: tuple[str, ...]) -> Child:
        return Child(name, (sys.executable, "-m", "tocsin", *arguments), environment_of(self.settings))

    async def _until_ready(self, kept: Kept, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not (kept.state == "running" and is_ready()):
            if time.monotonic() > deadline:
                log = self.settings.data / "log" / f"{kept.name}.log"
                lack = self._lack_of_room()
                raise Unavailable(f"{kept.name} did not come up within {READY_SECONDS} s; {lack}see {log}")
            await asyncio.sleep(POLL_SECONDS)

    async def _wait_for_doors(self) -> None:
        """Wait until each door's port accepts, and then for a while until it is ready to take requests.

        A door that cannot come up goes on trying, and its log lines say why; what keeps one from being ready says `/-/ready`.
        """
        waiting = {name: address.port for name, address in self._addresses().items()}
        while waiting:
            waiting = {name: port for name, port in waiting.items() if not ports.is_answering(port)}
            await asyncio.sleep(POLL_SECONDS)
        deadline = time.monotonic() + DOOR_SECONDS
        waiting = {name: address.port for name, address in self._addresses().items()}
        while waiting and time.monotonic() < deadline:
            asked = {
                name: asyncio.to_thread(ports.is_ready, port, bool(self.settings.tls_cert)) for name, port in waiting.items()
            }
            good = dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))
            waiting = {name: port for name, port in waiting.items() if not good[name]}
            await asyncio.sleep(POLL_SECONDS)

    def _addresses(self) -> dict[str, Address]:
        running = {process.name for process in self.processes}
        return {name: getattr(self.settings, field) for name, field in DOORS.items() if name in running}

    def _write_state(self) -> None:
        self.report.write()

    def _describe(self) -> StackState:
        processes = self.supervisor.describe()
        broken = any(process["state"] != "running" for process in processes)
        return {
            "pid": os.getpid(),
            "health": "degraded" if self.health == "ready" and broken else self.health,
            "kafka": {field: getattr(self.settings, field) for field in KAFKA_FIELDS},
            "database_url": self.settings.database_url,
            "addresses": {name: str(address) for name, address in self._addresses().items()},
            "processes": processes,
            "watched_disks": self.settings.watched_disks,
        }

    def _watch_disk_of(self, directory: Path) -> None:
        """Let doors refuse before the disk is full on which this server of ours writes."""
        watched = filter(None, (self.settings.watched_disks, str(directory.resolve())))
        self.settings = dataclasses.replace(self.settings, watched_disks=SEPARATOR.join(watched))

    def _lack_of_room(self) -> str:
        disks = Disks(self.settings.watched_disks or str(self.settings.data), self.settings)
        disks.look()
        return f"{disks.words}; " if disks.words else ""

    def _ask_to_stop(self) -> None:
        self._stops_asked += 1
        self._stop.set()
        if self._stops_asked > 1:
            self.output.say("asked again: everything is killed")
            self.supervisor.kill_all()
