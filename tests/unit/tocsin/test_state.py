"""What a data directory remembers."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from schemas.errors import OperatorError
from schemas.settings import Settings
from tocsin import state
from tocsin.state import StackState

STATE: StackState = {
    "pid": 1,
    "health": "ready",
    "kafka": {"kafka": "127.0.0.1:9092", "kafka_security_protocol": "SASL_PLAINTEXT", "kafka_ssl_cafile": ""},
    "database_url": "postgresql://here",
    "addresses": {},
    "processes": [],
    "watched_disks": "",
}


def test_one_data_directory_has_one_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "PATIENCE_SECONDS", 0.05)
    with state.hold(tmp_path):
        with pytest.raises(OperatorError, match="in use by process"), state.hold(tmp_path):
            pass
        assert state.is_held(tmp_path)
    assert not state.is_held(tmp_path)


def test_nobody_else_can_open_the_lock_not_even_that_of_an_earlier_version(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    for data in (tmp_path, tmp_path / "new"):
        lock = data / "lock"
        if data == tmp_path:
            lock.touch(0o644)
        with state.hold(data):
            assert lock.stat().st_mode & 0o777 == 0o600


def test_a_status_that_looks_at_this_moment_keeps_no_supervisor_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr("tocsin.state.time.sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
        with state.hold(tmp_path):
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_state_without_an_owner_is_not_believed(tmp_path: Path) -> None:
    state.write(tmp_path, STATE)
    assert state.read(tmp_path) is None
    with state.hold(tmp_path):
        assert state.read(tmp_path) == STATE


def test_commands_find_the_embedded_servers(tmp_path: Path) -> None:
    with state.hold(tmp_path):
        state.write(tmp_path, STATE)
        found = state.find_servers(Settings(data=tmp_path))
    assert (found.kafka, found.kafka_security_protocol, found.database_url) == (
        "127.0.0.1:9092", "SASL_PLAINTEXT", "postgresql://here",
    )  # fmt: skip


def test_servers_that_are_named_are_left_alone(tmp_path: Path) -> None:
    named = Settings(data=tmp_path, kafka="k:1", database_url="postgresql://there")
    with state.hold(tmp_path):
        state.write(tmp_path, STATE)
        assert state.find_servers(named) == named


def test_the_token_is_made_once_and_private(tmp_path: Path) -> None:
    state.keep_token(tmp_path)
    first = (tmp_path / "token").read_text()
    state.keep_token(tmp_path)
    assert (tmp_path / "token").read_text() == first
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
