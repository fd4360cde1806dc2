"""What children say, where disks are full and terminals are gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tocsin import output
from tocsin.output import TROUBLE_SECONDS, Output


def test_a_full_log_folder_costs_lines_and_is_named_until_none_was_lost_for_a_while(tmp_path: Path) -> None:
    (tmp_path / "kafka.log").symlink_to("/dev/full")
    now = [100.0]
    said = Output(tmp_path, now=lambda: now[0])
    said.write("kafka", b"lost")
    said.write("postgres", b"kept")
    assert (said.trouble, (tmp_path / "postgres.log").read_text()) == ("No space left on device", "kept\n")
    now[0] += TROUBLE_SECONDS
    assert said.trouble == ""
    said.close()


def test_a_log_that_cannot_be_opened_costs_its_lines_alone(tmp_path: Path) -> None:
    (tmp_path / "kafka.log").mkdir()
    said = Output(tmp_path)
    said.write("kafka", b"lost")
    assert said.trouble == "Is a directory"
    said.close()


def test_a_terminal_that_is_gone_or_full_stops_nothing(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    full = os.open("/dev/full", os.O_WRONLY)
    for terminal in (theirs, full):
        said = Output(tmp_path, terminal)
        said.say("ready")
        said.close()
        os.close(terminal)
    assert (tmp_path / "tocsin.log").read_text() == "ready\nready\n"


def test_a_long_log_is_put_aside_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "MAX_LOG_BYTES", 8)
    said = Output(tmp_path)
    for line in (b"one, long", b"two, long", b"three"):
        said.write("kafka", line)
    said.close()
    assert ((tmp_path / "kafka.log").read_text(), (tmp_path / "kafka.log.1").read_text()) == ("three\n", "two, long\n")


def test_what_a_sender_wrote_into_a_line_cannot_rewrite_the_screen(tmp_path: Path) -> None:
    said = Output(tmp_path)
    said.write("webhook", b"title=\x1b[2Jgone \xc2\x9b2J \xe2\x80\xaeabc\t.")
    said.close()
    assert (tmp_path / "webhook.log").read_text() == "title=\ufffd[2Jgone \ufffd2J \ufffdabc\t.\n"
