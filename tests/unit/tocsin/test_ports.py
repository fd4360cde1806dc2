"""Which ports the embedded servers take."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.embedded import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        yield server.getsockname()[1]


def test_the_default_port_is_taken_if_free(tmp_path: Path) -> None:
    free = ports.any_free()
    assert ports.choose(tmp_path / "ports.json", {"client": free}) == {"client": free}


def test_a_default_port_in_use_is_replaced_and_the_choice_kept(tmp_path: Path, taken: int) -> None:
    first = ports.choose(tmp_path / "ports.json", {"client": taken})
    assert first["client"] in ports.RANGE
    assert ports.choose(tmp_path / "ports.json", {"client": taken}) == first


def test_a_kept_port_that_is_in_use_for_good_is_replaced(tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PATIENCE_SECONDS", 0.0)
    (tmp_path / "ports.json").write_text(json.dumps({"client": taken}))
    assert ports.choose(tmp_path / "ports.json", {"client": 0})["client"] in ports.RANGE


def test_a_listening_port_answers_and_a_free_one_does_not(taken: int) -> None:
    assert (ports.is_answering(taken), ports.is_free(taken)) == (True, False)
    free = ports.any_free()
    assert (ports.is_answering(free), ports.is_free(free)) == (False, True)
