"""The supervisor with children of one line of shell each."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tocsin import supervisor
from tocsin.embedded.launch import Child
from tocsin.output import Output
from tocsin.processes import Stage
from tocsin.supervisor import Kept, Supervisor

DEADLINE_SECONDS = 10


def shell(name: str, script: str) -> Child:
    return Child(name, ("sh", "-c", script), {"PATH": os.environ["PATH"]})


def play(directory: Path, scene: Callable[[Supervisor], Awaitable[None]]) -> None:
    """Run a scene with a supervisor, and end its children whatever comes of it."""

    async def run() -> None:
        output = Output(directory)
        stage = Supervisor(output, lambda: None, lambda: 1_800_000_000_000)
        try:
            await scene(stage)
        finally:
            stage.kill_all()
            await stage.stop()
            output.close()

    asyncio.run(run())


async def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.002)


def starts(kept: Kept) -> bool:
    return kept.state == "running"


def test_a_child_that_ends_starts_again_after_a_growing_delay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY_SECONDS", 0.004)
    monkeypatch.setattr(supervisor, "LONGEST_DELAY_SECONDS", 0.01)

    async def scene(stage: Supervisor) -> None:
        kept = stage.keep("short", Stage.DOORS, lambda: shell("short", "exit 7"))
        await until(lambda: kept.restarts >= 4)

    play(tmp_path, scene)
    said = (tmp_path / "tocsin.log").read_text().splitlines()[:4]
    assert said == [f"short ended with exit code 7; it starts again in {delay} s" for delay in ("0.004", "0.008", "0.01", "0.01")]


def test_a_child_that_cannot_be_started_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY_SECONDS", 0.004)

    async def scene(stage: Supervisor) -> None:
        missing = Child("missing", ("/nonexistent/program",), {})
        kept = stage.keep("missing", Stage.DOORS, lambda: missing if kept.restarts == 0 else shell("missing", "sleep 60"))
        await until(lambda: starts(kept))
        assert kept.restarts == 1

    play(tmp_path, scene)


def test_a_child_that_dies_by_a_signal_is_counted_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY_SECONDS", 0.004)
    ends = ["kill -SEGV $$", "kill -SEGV $$", "kill -KILL $$", "exit 70", "kill -37 $$", "sleep 60"]

    async def scene(stage: Supervisor) -> None:
        kept = stage.keep("frail", Stage.DOORS, lambda: shell("frail", f"ulimit -c 0; {ends[kept.restarts]}"))
        await until(lambda: kept.restarts == 5 and starts(kept))
        described = kept.describe()
        assert described["signals"] == {"SIGSEGV": 2, "SIGKILL": 1, "signal 37": 1}
        assert (described["last_end"], described["last_end_at"]) == ("was ended by signal 37", "2027-01-15T08:00:00Z")

    play(tmp_path, scene)


def test_children_are_stopped_stage_by_stage(tmp_path: Path) -> None:
    ends = tmp_path / "ends"

    async def scene(stage: Supervisor) -> None:
        for number in reversed(Stage):
            script = f"trap 'echo {number.name} >> {ends}; exit 0' TERM; echo up; while :; do sleep 0.01; done"
            stage.keep(number.name, number, lambda name=number.name, script=script: shell(name, script))  # type: ignore[misc]
        logs = [tmp_path / f"{number.name}.log" for number in Stage]
        await until(lambda: all(log.exists() and log.read_text() == "up\n" for log in logs))
        await stage.stop()

    play(tmp_path, scene)
    assert ends.read_text().split() == ["DOORS", "WORKER", "SINKS", "SERVERS"]


def test_a_child_that_ignores_the_request_is_killed_at_its_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STAGE_DEADLINES_SECONDS", dict.fromkeys(Stage, 0.1))

    async def scene(stage: Supervisor) -> None:
        kept = stage.keep("deaf", Stage.DOORS, lambda: shell("deaf", "trap '' TERM; echo up; while :; do sleep 0.05; done"))
        log = tmp_path / "deaf.log"
        await until(lambda: log.exists() and log.read_text() == "up\n")
        await stage.stop()
        described = kept.describe()
        assert (described["pid"], described["state"], described["restarts"], described["signals"]) == (None, "stopped", 0, {})

    play(tmp_path, scene)
    assert "deaf did not stop in time and is killed" in (tmp_path / "tocsin.log").read_text()


def test_what_a_child_leaves_in_its_group_is_killed_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "grandchild"

    async def scene(stage: Supervisor) -> None:
        assert await stage.run(shell("parent", f"sleep 60 & echo $! > {pid_file}; exit 3")) == 3
        await until(lambda: not Path(f"/proc/{pid_file.read_text().strip()}/fd/0").exists())

    play(tmp_path, scene)


def test_a_line_is_written_whole_and_a_last_one_without_end_too(tmp_path: Path) -> None:
    async def scene(stage: Supervisor) -> None:
        assert await stage.run(shell("talker", "printf 'one\\ntwo\\nthree'")) == 0

    play(tmp_path, scene)
    assert (tmp_path / "talker.log").read_text() == "one\ntwo\nthree\n"
