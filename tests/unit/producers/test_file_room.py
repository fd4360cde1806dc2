"""The limit of open files against the cap of connections."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from producers.file_room import OTHER_FILES, connections_within
from producers.serve import build_server
from schemas.errors import SettingsError
from schemas.file_limit import raise_file_limit
from schemas.settings import Settings
from tests.unit.producers.live import Echo

HARD = 20_000


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The soft limit, as one number in a list."""
    soft = [1024]
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft[0], HARD))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: soft.__setitem__(0, limits[0]))
    return soft


def test_the_soft_limit_is_raised_to_the_hard_one_and_never_lowered(files: list[int]) -> None:
    raise_file_limit()
    assert files == [HARD]
    files[0] = 100_000
    raise_file_limit()
    assert files == [100_000]


def test_all_connections_have_room_below_a_limit_that_is_high_enough(files: list[int]) -> None:
    files[0] = 1000 + OTHER_FILES
    assert connections_within(1000) == 1000


def test_a_limit_that_is_too_low_takes_fewer_and_says_so(files: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    files[0] = 500
    assert connections_within(1000) == 500 - OTHER_FILES
    assert "lower TOCSIN_MAX_CONNECTIONS" in "".join(capsys.readouterr())


def test_a_server_takes_no_more_than_have_room(files: list[int]) -> None:
    files[0] = 500
    assert build_server(Settings(), Echo()).places.most == 500 - OTHER_FILES


def test_a_limit_that_leaves_no_room_is_the_operators_to_raise(files: list[int]) -> None:
    files[0] = OTHER_FILES + 5
    with pytest.raises(SettingsError, match=r"Raise it to 1128"):
        connections_within(1000)


def test_each_command_begins_with_a_raised_limit() -> None:
    program = (
        "import resource; hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1];"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard));"
        "from tocsin.cli import main;"
        "main.app = lambda: print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, 65536));"
        "main.main()"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stdout == "True\n"
