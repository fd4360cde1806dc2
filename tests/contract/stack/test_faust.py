"""What the worker relies on in Faust, or must work around: a new version that changes it fails here. Not here: the worker."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from aiokafka import AIOKafkaConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from mode.utils.queues import FlowControlEvent, FlowControlQueue

from processors import faust_patches

PATCHED = ((FlowControlEvent, "resume"), (AIOKafkaConsumerThread, "_create_worker_consumer"), (Consumer, "on_buffer_full"))


@pytest.fixture
def _patched(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in PATCHED:
        monkeypatch.setattr(owner, name, getattr(owner, name))  # so that they are put back
    faust_patches.apply()


def queue_after(*calls: str) -> list[str]:
    """Put a record into a queue under flow control that is active, then call these; give what is left in it."""

    async def play() -> list[str]:
        flow = FlowControlEvent(initially_suspended=False)
        queue: FlowControlQueue[str] = FlowControlQueue(flow_control=flow, clear_on_resume=True)
        flow.resume()
        await queue.put("fetched")
        for call in calls:
            getattr(flow, call)()
        return [queue.get_nowait() for _ in range(queue.qsize())]

    return asyncio.run(play())


@pytest.mark.usefixtures("_patched")
def test_resuming_what_was_never_suspended_loses_nothing() -> None:
    assert queue_after("resume") == ["fetched"]


@pytest.mark.usefixtures("_patched")
def test_resuming_after_a_suspension_clears_what_was_fetched_before() -> None:
    assert queue_after("suspend", "resume") == []


def test_the_library_unpatched_loses_what_was_fetched() -> None:
    assert queue_after("resume") == [], "the library no longer clears active queues: the patch can go"


def test_the_library_resumes_partitions_before_it_seeks() -> None:
    from faust.tables.recovery import Recovery

    calls: list[str] = []

    async def play() -> None:
        recovery: Any = Recovery.__new__(Recovery)
        recovery.__dict__.update(Recording("", calls).fields())
        await Recovery.on_recovery_completed(recovery, 0)

    asyncio.run(play())
    order = [call for call in calls if call in ("on_rebalance_complete.send", "resume_partitions", "perform_seek")]
    assert order == ["on_rebalance_complete.send", "resume_partitions", "perform_seek"], (
        "seek in the handler may no longer be needed"
    )


def test_the_library_lets_a_backlog_wait_for_idle_partitions() -> None:
    assert "fetch_max_wait_ms=1500" in inspect.getsource(AIOKafkaConsumerThread._create_worker_consumer)


def test_a_consumer_takes_its_wait_from_the_attribute_that_we_change() -> None:
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in inspect.getsource(AIOKafkaConsumer.start)


@pytest.mark.usefixtures("_patched")
def test_a_backlog_waits_for_idle_partitions_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faust_patches, "create_consumer", lambda *_: SimpleNamespace(_fetch_max_wait_ms=1500))
    created: Any = AIOKafkaConsumerThread._create_worker_consumer(object(), object())  # type: ignore[arg-type]
    assert created._fetch_max_wait_ms == faust_patches.FETCH_WAIT_MILLIS


@pytest.mark.usefixtures("_patched")
def test_a_partition_whose_queue_is_full_is_fetched_on() -> None:
    class AConsumer:
        app = Recording("app", [])
        _buffered_partitions: ClassVar[set[str]] = set()
        active: ClassVar[set[str]] = {"inbox-0"}

        def _get_active_partitions(self) -> set[str]:
            return self.active

    Consumer.on_buffer_full(AConsumer(), "inbox-0")  # type: ignore[arg-type]
    assert AConsumer.active == {"inbox-0"}


def test_our_own_seek_comes_after_the_commit_that_it_seeks_to() -> None:
    calls: list[Any] = []

    class Consumer:
        async def _commit(self, offsets: dict[str, int]) -> None:
            calls.append(offsets)

        async def perform_seek(self) -> None:
            calls.append("seek")

    asyncio.run(faust_patches.start_from(Consumer(), {"inbox-0": 5}))
    assert calls == [{"inbox-0": 5}, "seek"]


@pytest.mark.parametrize("offsets", [{}, {"inbox-0": 0}], ids=["empty", "offset 0"])
def test_a_commit_that_would_kill_the_consumer_or_silence_a_partition_is_refused(offsets: dict[str, int]) -> None:
    with pytest.raises(AssertionError):
        asyncio.run(faust_patches.start_from(object(), offsets))


class Recording:
    """Stands in for the parts of Faust that a recovery talks to, and notes the calls."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self.name = name
        self.calls = calls
        self.consumer_generation_id = 0
        self.in_recovery = False

    def fields(self) -> dict[str, Any]:
        """What `Recovery.on_recovery_completed` reads of itself."""
        app = self.part("app")
        app.consumer = self.part("consumer")
        app.consumer.assignment = lambda: {"inbox-0"}
        app.consumer.resume_partitions = self.note("resume_partitions")
        app.consumer.perform_seek = self.note_async("perform_seek")
        app.consumer.resume_flow = self.note("resume_flow")
        app.on_rebalance_complete = self.part("signal")
        app.on_rebalance_complete.send = self.note_async("on_rebalance_complete.send")
        app.conf = self.part("conf")
        app.conf.broker_request_timeout = 1
        app.flow_control = self.part("flow")
        app.flow_control.resume = self.note("flow.resume")
        app._fetcher = self.part("fetcher")
        app._fetcher.maybe_start = self.note_async("fetcher")
        app.assignor = self.part("assignor")
        app.assignor.assigned_standbys = set
        app.on_rebalance_end = self.note("end")
        tables = self.part("tables")
        tables.values = list
        tables.on_actives_ready = tables.on_standbys_ready = self.note("ready")
        return {"app": app, "tables": tables, "completed": asyncio.Event(), "log": Quiet(), "_wait": self.wait,
                "_set_recovery_ended": self.note("ended"), "_is_changelog_tp": lambda tp: False}  # fmt: skip

    def part(self, name: str) -> Any:
        return Recording(name, self.calls)

    def note(self, name: str) -> Callable[..., None]:
        return lambda *_: self.calls.append(name)

    def note_async(self, name: str) -> Callable[..., Awaitable[None]]:
        async def call(*_: Any) -> None:
            self.calls.append(name)

        return call

    async def wait(self, awaited: Awaitable[None], timeout: float | None = None) -> None:
        await awaited


class Quiet:
    def info(self, *_: Any) -> None: ...
    def dev(self, *_: Any) -> None: ...


def test_pinned_versions_are_the_ones_that_were_examined() -> None:
    from importlib.metadata import version

    examined = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0", "kafka-python": "3.0.12"}
    assert {name: version(name) for name in examined} == examined


def test_the_core_and_the_recovery_do_not_bring_faust_in() -> None:
    code = "import sys, processors.driver, processors.recovery, processors.core.step; sys.exit('faust' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
