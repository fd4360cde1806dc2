"""Keeps child processes running, and ends them in order. Knows nothing of Kafka, PostgreSQL or tocsin's own processes.

What keeps is apart from what only reports (lines, the state file): nothing of the latter may end the former (deploy/adr/0011).
What is started, and after what, stands in `up.py`. How a child is tied to us, so that it cannot outlive us: `embedded/launch.py`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Literal

from schemas.clock import now_millis
from tocsin.embedded.launch import Child, kill, popen_options
from tocsin.ends import End, end_of, failed_start, fault
from tocsin.output import Output
from tocsin.processes import Stage
from tocsin.state import ProcessState

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 10.0
FAULT_DELAY_SECONDS = 2.0
"""After a fault of ours in the keeping itself, which would come at once again if it is there to stay."""
HEALTHY_AFTER_SECONDS = 30.0
"""After so long a life a child has the first delay again, however often it died before."""
STAGE_DEADLINES_SECONDS = {Stage.DOORS: 2.5, Stage.WORKER: 4.0, Stage.SINKS: 5.0, Stage.SERVERS: 7.0}
"""From the beginning of the end; what is left of a stage at its deadline is killed. The promise is 10 s for all of it.

Measured with 24 senders and both cores taken: 1.5, 1.9, 2.7 and 4.0 s, and 1.1 s more for our own end."""
KILLED_SECONDS = 0.7
"""How long each of two kills may take, with the last words: the first may let it end its own children, the second is SIGKILL."""
DRAIN_SECONDS = 0.5
"""How long after a child's end its last words may take; a grandchild that holds the pipe open does not hold us."""
CHUNK_BYTES = 65_536


@dataclass(slots=True)
class Kept:
    """A child that is started again whenever it ends. `source` gives it anew for each start."""

    name: str
    stage: Stage
    source: Callable[[], Child]
    state: Literal["starting", "running", "waiting", "stopped"] = "starting"
    restarts: int = 0
    signals: Counter[str] = field(default_factory=Counter)
    """How often it died by each signal that we did not send."""
    last_end: End | None = None
    process: asyncio.subprocess.Process | None = None
    child: Child | None = None
    task: asyncio.Task[None] | None = None
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    def describe(self) -> ProcessState:
        """Give the line for `tocsin status`."""
        return {
            "name": self.name, "pid": self.process.pid if self.process else None, "state": self.state, "restarts": self.restarts,
            "signals": dict(self.signals),
            "last_end": self.last_end.how if self.last_end else None, "last_end_at": self.last_end.at if self.last_end else None,
        }  # fmt: skip

    def note(self, end: End) -> None:
        """Count an end that nobody asked for."""
        self.restarts += 1
        self.last_end = end
        if end.signal is not None:
            self.signals[end.signal] += 1


class Supervisor:
    """The children of one stack. All methods are for the event loop of the main thread, which must outlive the children."""

    def __init__(self, output: Output, changed: Callable[[], None], now_millis: Callable[[], int] = now_millis) -> None:
        """`changed` is told of each change; whatever it raises is kept in `trouble`."""
        self._output = output
        self._changed = changed
        self._now_millis = now_millis
        self._kept: list[Kept] = []
        self.trouble = ""
        """The last fault of ours in reporting or keeping, in words; it stays, since there should be none."""

    def keep(self, name: str, stage: Stage, source: Callable[[], Child]) -> Kept:
        """Start a child, now and whenever it ends."""
        kept = Kept(name, stage, source)
        self._kept.append(kept)
        kept.task = asyncio.create_task(self._keep_whatever_comes(kept), name=name)
        return kept

    def describe(self) -> list[ProcessState]:
        """Give a line for each child, in the order of their start."""
        return [kept.describe() for kept in self._kept]

    async def run(self, child: Child) -> int:
        """Run a child once, to its end; give its exit code."""
        process, pump = await self._spawn(child)
        try:
            return await process.wait()
        finally:
            kill(process.pid)
            await _finish(pump)

    async def stop(self) -> None:
        """End all children, stage by stage: those that write before those that they write to."""
        begun = asyncio.get_running_loop().time()
        for stage in Stage:
            ending = [kept for kept in self._kept if kept.stage is stage]
            await asyncio.gather(*(self._end(kept, begun + STAGE_DEADLINES_SECONDS[stage]) for kept in ending))

    def kill_all(self) -> None:
        """End all children at once, whatever they are doing."""
        for kept in self._kept:
            kept.ending.set()
            if kept.process is not None and kept.child is not None:
                _end_for_sure(kept.process, kept.child)

    async def _keep_whatever_comes(self, kept: Kept) -> None:
        """Keep a child; a fault of ours in that is said, shown as the child's end, and the keeping taken up again."""
        while True:
            try:
                return await self._keep(kept)
            except Exception as error:  # noqa: BLE001 - no fault may end the keeping unseen; the child is gone (`_live`)
                kept.note(fault(error, self._now_millis()))
                self._move(kept, "waiting")
                self._say(
                    f"{kept.name} {kept.last_end.how if kept.last_end else ''}; it starts again in {FAULT_DELAY_SECONDS:g} s"
                )
                await _wait(kept.ending, FAULT_DELAY_SECONDS)

    async def _keep(self, kept: Kept) -> None:
        delay = FIRST_DELAY_SECONDS
        loop = asyncio.get_running_loop()
        while not kept.ending.is_set():
            started = loop.time()
            end = await self._live(kept)
            if kept.ending.is_set():
                break
            if loop.time() - started > HEALTHY_AFTER_SECONDS:
                delay = FIRST_DELAY_SECONDS
            kept.note(end)
            self._move(kept, "waiting")
            self._say(f"{kept.name} {end.how}; it starts again in {delay:g} s")
            await _wait(kept.ending, delay)
            delay = min(delay * 2, LONGEST_DELAY_SECONDS)
        self._move(kept, "stopped")

    async def _live(self, kept: Kept) -> End:
        """Run one life of a child; give what became of it."""
        try:
            child = kept.child = kept.source()
            process, pump = await self._spawn(child)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from starting now (a full disk, a missing file) may be gone next time
            return failed_start(error, self._now_millis())
        kept.process = process
        try:
            if kept.ending.is_set():  # asked to end while it was being made
                _signal(process, child.stop_signal)
            self._move(kept, "running")
            code = await process.wait()
        finally:
            if process.returncode is None:  # a fault of ours: its next life must not meet this one
                _end_for_sure(process, child)
            kill(process.pid)  # what it has left behind in its group
            kept.process = None
            await _finish(pump)
        return end_of(code, self._now_millis())

    async def _end(self, kept: Kept, deadline: float) -> None:
        kept.ending.set()
        if kept.task is None:
            return
        if kept.process is not None and kept.child is not None:
            _signal(kept.process, kept.child.stop_signal)
        remaining = deadline - asyncio.get_running_loop().time()
        done, _ = await asyncio.wait([kept.task], timeout=max(0.1, remaining))
        if not done and kept.process is not None and kept.child is not None:
            self._say(f"{kept.name} did not stop in time and is killed")
            _end_for_sure(kept.process, kept.child)
            done, _ = await asyncio.wait([kept.task], timeout=KILLED_SECONDS)
        if not done and kept.process is not None:
            kill(kept.process.pid)
            await asyncio.wait([kept.task], timeout=KILLED_SECONDS)

    async def _spawn(self, child: Child) -> tuple[asyncio.subprocess.Process, asyncio.Task[None]]:
        """Start a child, and the task that passes on what it says.

        The pipe is ours: with asyncio's own, waiting for the child also waits for each grandchild that still holds it.
        """
        ours, theirs = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *child.argv, stdout=theirs, stderr=asyncio.subprocess.STDOUT, **popen_options(child)
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return process, asyncio.create_task(self._pump(child.name, os.fdopen(ours, "rb", buffering=0)))

    async def _pump(self, name: str, pipe: IO[bytes]) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        rest = b""
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._write(name, line)
                if len(rest) > CHUNK_BYTES:  # a line without end is cut, so that it cannot fill our memory
                    self._write(name, rest)
                    rest = b""
        finally:
            if rest:
                self._write(name, rest)
            transport.close()

    def _move(self, kept: Kept, state: Literal["running", "waiting", "stopped"]) -> None:
        kept.state = state
        self._report(self._changed)

    def _write(self, name: str, line: bytes) -> None:
        self._report(lambda: self._output.write(name, line))

    def _say(self, text: str) -> None:
        self._report(lambda: self._output.say(text))

    def _report(self, tell: Callable[[], None]) -> None:
        """Do what only reports; whatever comes of it, the keeping goes on. (A pump that ended would block or break its child.)"""
        try:
            tell()
        except Exception as error:  # noqa: BLE001 - see above; it is shown by `trouble`
            self.trouble = f"reporting met a fault of ours: {error!r}"


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except ProcessLookupError:
        pass  # it was quicker


def _end_for_sure(process: asyncio.subprocess.Process, child: Child) -> None:
    """Send what ends it for sure, to it alone when that takes its own children along (PostgreSQL), else to its group."""
    if child.orphan_signal is signal.SIGKILL:
        kill(process.pid)
        return
    try:
        os.kill(process.pid, child.orphan_signal)
    except ProcessLookupError:
        pass  # it was quicker


async def _finish(pump: asyncio.Task[None]) -> None:
    await asyncio.wait([pump], timeout=DRAIN_SECONDS)
    pump.cancel()
    await asyncio.wait([pump])


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        pass  # the usual case: nobody asked us to end
