"""What processes say is wrong with them, and where it is found."""

from __future__ import annotations

from pathlib import Path

from schemas.telemetry import render_state
from schemas.troubles import Troubles, read_troubles


def test_what_is_wrong_is_found_by_process_until_it_is_over(tmp_path: Path) -> None:
    webhook, clock = Troubles(tmp_path, "webhook"), Troubles(tmp_path, "clock")
    assert read_troubles(tmp_path) == {}
    webhook.tell("inbox", "Kafka refuses records")
    webhook.tell("database", "away")
    clock.tell("inbox", "")
    assert (read_troubles(tmp_path), webhook.text) == (
        {"webhook": ["away", "Kafka refuses records"]},
        "away; Kafka refuses records",
    )
    webhook.tell("inbox", "")
    webhook.tell("database", "")
    assert (read_troubles(tmp_path), webhook.text) == ({}, "")


def test_what_an_earlier_run_left_behind_is_over(tmp_path: Path) -> None:
    Troubles(tmp_path, "webhook").tell("inbox", "Kafka refuses records")
    Troubles(tmp_path, "webhook")
    assert read_troubles(tmp_path) == {}


def test_a_directory_that_cannot_be_written_stops_no_work(tmp_path: Path) -> None:
    (tmp_path / "troubles").write_text("a file where the directory should be")
    troubles = Troubles(tmp_path, "webhook")
    troubles.tell("inbox", "Kafka refuses records")
    assert (troubles.text, read_troubles(tmp_path)) == ("Kafka refuses records", {})


def test_a_probe_says_what_is_wrong_whether_or_not_it_is_ready() -> None:
    assert [render_state(True), render_state(True, "why"), render_state(False, "why")] == [
        b"ok\n",
        b"ok\nwhy\n",
        b"not ready\nwhy\n",
    ]
