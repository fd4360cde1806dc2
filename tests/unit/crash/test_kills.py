"""The order in which the campaign does things to a stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.crash.kills import Kills


class Stage:
    """Stands in for the stack, where nothing runs, and for the shortages."""

    def pid_of(self, name: str) -> None:
        return None

    def disk_full(self) -> None: ...
    def log_full(self) -> None: ...
    def file_limit(self) -> None: ...


def test_each_action_is_done_once_though_the_time_is_over_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage: Any = Stage()
    monkeypatch.setattr("tests.crash.kills.time.sleep", lambda _: None)
    kills = Kills(stage, stage, 1, tmp_path / "others.log", lambda _: None, ["kill ", "-full", "file-limit"])
    kills.run_until(0.0)
    assert {"disk-full", "log-full", "file-limit", "kill kafka"} <= kills.counts.keys()
    assert set(kills.counts.values()) == {1}
