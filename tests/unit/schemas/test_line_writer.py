"""Lines to files, pipes and disks that do not take them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from schemas import telemetry
from schemas.line_writer import LineWriter

FULL = "/dev/full"


@contextmanager
def opened(path: str | Path, flags: int = os.O_WRONLY) -> Iterator[int]:
    descriptor = os.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    ours, theirs = os.pipe()
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_full_disk_costs_the_line_and_is_named() -> None:
    lost: list[None] = []
    with opened(FULL) as disk:
        writer = LineWriter(disk, lambda: lost.append(None))
        assert [writer.write_line(b"one"), writer.write_line(b"two")] == [False, False]
    assert (len(lost), writer.trouble) == (2, "No space left on device")


def test_a_pipe_that_nobody_reads_is_not_waited_for_and_told_of_what_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.line_writer.PATIENCE_SECONDS", 0.01)
    with pipe() as (ours, theirs):
        writer = LineWriter(theirs)
        while writer.write_line(b"x" * 4000):
            pass
        assert (writer.write_line(b"lost too"), writer.trouble) == (False, "nobody reads it")
        while len(os.read(ours, 65_536)) == 65_536:
            pass
        assert writer.write_line(b"here again")
        assert os.read(ours, 65_536).endswith(b"(2 lines are missing here: nobody reads it)\nhere again\n")
        assert writer.trouble == ""


def test_a_line_that_was_cut_is_ended_before_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log").touch()
    write, rooms = os.write, [3]

    def write_what_fits(to: int, data: bytes) -> int:
        if not rooms:
            raise OSError(28, "full")
        return write(to, data[: rooms.pop()])

    with opened(tmp_path / "log") as file:
        writer = LineWriter(file)
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write_what_fits)
            assert not writer.write_line(b"half a line")
        assert writer.write_line(b"a whole one")
    assert (tmp_path / "log").read_text() == "hal\n(1 lines are missing here: full)\na whole one\n"


def test_a_closed_pipe_and_a_closed_descriptor_cost_the_line() -> None:
    ours, theirs = os.pipe()
    writer = LineWriter(theirs)
    os.close(ours)
    assert (writer.write_line(b"one"), writer.trouble) == (False, "Broken pipe")
    os.close(theirs)
    assert (writer.write_line(b"two"), writer.trouble) == (False, "Bad file descriptor")


def test_a_log_call_never_raises_whatever_became_of_stderr() -> None:
    before = telemetry.LOST._value.get()
    root = logging.getLogger("tocsin of a test")
    with opened(FULL) as disk:
        telemetry.configure_logging(disk)
        try:
            structlog.get_logger().warning("alerts_truncated", count=3, title="\udcff")
            root.addHandler(logging.StreamHandler(telemetry._LogStream(disk)))
            root.warning("said by a library")
        finally:
            structlog.reset_defaults()
            root.handlers.clear()
    assert telemetry.LOST._value.get() == before + 2
