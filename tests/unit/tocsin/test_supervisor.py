"""The supervisor with children of one line of shell each."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
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


class BrokenOutput(Output):
    """Raises, as none of ours should."""

    def write(self, name: str, line: bytes) -> None:
        raise OSError(28, "No space left on device")


def fail() -> None:
    raise OSError(28, "No space left on device")


def play(
    directory: Path,
    scene: Callable[[Supervisor], Awaitable[None]],
    changed: Callable[[], None] = lambda: None,
    kind: type[Output] = Output,
) -> None:
    """Run a scene with a supervisor, and end its children whatever comes of it."""

    async def run() -> None:
        output = kind(directory)
        stage = Supervisor(output, changed, lambda: 1_800_000_000_000)
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


def test_children_that_do_not_stop_at_any_stage_leave_time_for_our_own_end_within_ten_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = supervisor.STAGE_DEADLINES_SECONDS[Stage.SERVERS] + 2 * supervisor.KILLED_SECONDS
    assert most <= 8.5
    monkeypatch.setattr(supervisor, "STAGE_DEADLINES_SECONDS", {s: d / 10 for s, d in supervisor.STAGE_DEADLINES_SECONDS.items()})
    for name in ("KILLED_SECONDS", "DRAIN_SECONDS"):
        monkeypatch.setattr(supervisor, name, getattr(supervisor, name) / 10)
    script = "trap '' TERM INT QUIT; setsid sleep 3 & echo up; while :; do sleep 0.05; done"  # and one who holds the pipe

    async def scene(stage: Supervisor) -> None:
        for number in Stage:
            stubborn = replace(shell(number.name, script), orphan_signal=signal.SIGQUIT)
            stage.keep(number.name, number, lambda stubborn=stubborn: stubborn)  # type: ignore[misc]
        logs = [tmp_path / f"{number.name}.log" for number in Stage]
        await until(lambda: all(log.exists() and log.read_text() == "up\n" for log in logs))
        begun = time.monotonic()
        await stage.stop()
        assert time.monotonic() - begun < most / 10 + 0.4
        assert [(one["state"], one["pid"]) for one in stage.describe()] == [("stopped", None)] * 4

    play(tmp_path, scene)


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


def test_a_state_that_cannot_be_written_ends_no_keeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY_SECONDS", 0.004)

    async def scene(stage: Supervisor) -> None:
        kept = stage.keep("short", Stage.DOORS, lambda: shell("short", "exit 7" if kept.restarts < 3 else "sleep 60"))
        await until(lambda: kept.restarts == 3 and starts(kept))
        assert (kept.last_end and kept.last_end.how, "No space left" in stage.trouble) == ("ended with exit code 7", True)

    play(tmp_path, scene, changed=fail)


def test_lines_that_cannot_be_written_block_no_child(tmp_path: Path) -> None:
    async def scene(stage: Supervisor) -> None:
        assert await stage.run(shell("talker", "yes 0123456789 | head -c 500000; exit 5")) == 5
        assert "No space left" in stage.trouble

    play(tmp_path, scene, kind=BrokenOutput)


def test_a_fault_in_the_keeping_itself_is_shown_and_the_child_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FAULT_DELAY_SECONDS", 0.004)
    lives: list[int | None] = []

    async def scene(stage: Supervisor) -> None:
        kept = stage.keep("child", Stage.DOORS, lambda: shell("child", "sleep 60"))
        await until(lambda: starts(kept))
        lives.append(kept.process and kept.process.pid)
        with monkeypatch.context() as patch:
            patch.setattr(supervisor, "end_of", lambda *_: 1 // 0)
            os.kill(lives[0] or 0, 9)
            await until(lambda: kept.restarts == 1)
        await until(lambda: starts(kept) and kept.process is not None)
        assert kept.process
        assert kept.process.pid != lives[0]
        assert "fault of the supervisor: ZeroDivisionError" in str(kept.describe()["last_end"])

    play(tmp_path, scene)
    assert "child was let go by a fault of the supervisor" in (tmp_path / "tocsin.log").read_text()


def test_no_life_is_left_behind_by_a_fault_in_its_keeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FAULT_DELAY_SECONDS", 0.004)
    move, seen = Supervisor._move, []

    def move_once_wrong(stage: Supervisor, kept: Kept, state: str) -> None:
        if state == "running" and not seen:
            seen.append(kept.process and kept.process.pid)
            raise RuntimeError("a fault of ours while it runs")
        move(stage, kept, state)  # type: ignore[arg-type]

    monkeypatch.setattr(Supervisor, "_move", move_once_wrong)

    async def scene(stage: Supervisor) -> None:
        kept = stage.keep("child", Stage.DOORS, lambda: shell("child", "sleep 60"))
        await until(lambda: kept.restarts == 1 and starts(kept))
        await until(lambda: not Path(f"/proc/{seen[0]}/fd/0").exists())

    play(tmp_path, scene)
