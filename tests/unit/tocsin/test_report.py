"""What the supervisor tells `tocsin status`, on disks that take nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.clock import now_millis
from schemas.settings import Settings
from schemas.troubles import read_troubles
from tests.unit.tocsin.test_state import STATE
from tocsin import state
from tocsin.cli.status import collect
from tocsin.output import Output
from tocsin.report import Report
from tocsin.state import StackState
from tocsin.supervisor import Supervisor

ALONE: StackState = {**STATE, "kafka": {}}


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Output]:
    made = Output(tmp_path / "log")
    yield made
    made.close()


@pytest.fixture
def report(tmp_path: Path, output: Output) -> Report:
    return Report(Settings(data=tmp_path), output, Supervisor(output, lambda: None), lambda: ALONE)


def test_a_state_that_cannot_be_written_is_written_when_it_can(tmp_path: Path, report: Report) -> None:
    (tmp_path / "state.json").mkdir()  # as a full disk: nothing can be put there
    report.write()
    report.renew()
    (tmp_path / "state.json").rmdir()
    report.renew()
    with state.hold(tmp_path):
        assert state.read(tmp_path) == ALONE


def test_a_state_that_holds_is_renewed_and_one_that_is_old_is_not_believed(tmp_path: Path, report: Report) -> None:
    with state.hold(tmp_path):
        report.write()
        assert (collect(Settings(data=tmp_path))["health"], collect(Settings(data=tmp_path))["troubles"]) == ("ready", {})
        os.utime(tmp_path / "state.json", (0, now_millis() / 1000 - 34))
        found = collect(Settings(data=tmp_path))
        assert (found["health"], len(found["troubles"]["status"])) == ("degraded", 1)
        assert "has not written its state for 34 s" in found["troubles"]["status"][0]
        report.renew()
        assert collect(Settings(data=tmp_path))["health"] == "ready"


def test_status_looks_at_the_disk_itself_since_nothing_can_be_written_there(tmp_path: Path) -> None:
    with state.hold(tmp_path):
        state.write(tmp_path, {**ALONE, "watched_disks": str(tmp_path)})
        found = collect(Settings(data=tmp_path, min_free_disk_mebibytes=10**9))
    assert (found["health"], len(found["troubles"]["status"])) == ("degraded", 1)
    assert found["troubles"]["status"][0].startswith("the disk of tocsin's data has ")


def test_lost_log_lines_are_a_trouble_while_they_are(
    tmp_path: Path, report: Report, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log" / "kafka.log").symlink_to("/dev/full")
    output.write("kafka", b"a line")
    told = []
    for seconds in (10.0, 0.0):
        monkeypatch.setattr("tocsin.output.TROUBLE_SECONDS", seconds)
        report.renew()
        told.append(read_troubles(tmp_path).get("up"))
    assert told == [["log lines are lost, since DATA/log cannot be written: No space left on device"], None]


def test_nothing_is_left_when_nothing_runs_any_more(tmp_path: Path, report: Report, output: Output) -> None:
    (tmp_path / "log" / "kafka.log").symlink_to("/dev/full")
    output.write("kafka", b"a line")
    report.write()
    report.renew()
    report.end()
    assert ((tmp_path / "state.json").exists(), read_troubles(tmp_path)) == (False, {})
