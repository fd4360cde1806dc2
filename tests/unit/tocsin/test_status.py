"""What `tocsin status` says on a terminal of what it found."""

from __future__ import annotations

from typing import Any

from tocsin.cli.status import render


def process(name: str, **more: Any) -> dict[str, Any]:
    lives = {"pid": 7, "state": "running", "restarts": 0, "signals": {}, "last_end": None, "last_end_at": None}
    return {"name": name, **lives, **more}


def found(**more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "health": "ready", "problem": None, "pid": 1, "processes": [], "lag": {}, "ledger": [], "topics": [], "troubles": {},
        "receivers": [],
        "kafka": "k:1", "database_url": "postgresql://here", "addresses": {}, "data": "/data",
    }  # fmt: skip
    return {**nothing, **more}


def test_a_process_that_died_by_a_signal_is_named_with_its_log() -> None:
    died = process(
        "process", restarts=3, signals={"SIGSEGV": 2, "SIGKILL": 1}, last_end="was ended by SIGKILL",
        last_end_at="2027-01-15T08:00:00Z",
    )  # fmt: skip
    said = render(found(processes=[died, process("webhook")])).splitlines()
    assert said[-1] == (
        "▲ process was ended by SIGKILL at 2027-01-15T08:00:00Z (died by SIGSEGV 2×, SIGKILL 1×); "
        "its last words: /data/log/process.log"
    )


def test_a_process_that_ended_by_itself_is_named_without_a_signal() -> None:
    ended = process("clock", restarts=1, last_end="ended with exit code 3", last_end_at="2027-01-15T08:00:00Z")
    said = render(found(processes=[ended])).splitlines()
    assert said[-1] == "▲ clock ended with exit code 3 at 2027-01-15T08:00:00Z; its last words: /data/log/clock.log"


def test_of_processes_that_never_ended_nothing_more_is_said() -> None:
    said = render(
        found(processes=[process("webhook"), {"name": "old", "pid": 8, "state": "running", "restarts": 1}])
    ).splitlines()
    assert [line.split()[1] for line in said[-2:]] == ["webhook", "old"]


def test_a_topic_that_differs_is_named_with_the_command_that_mends_it() -> None:
    topic = {
        "topic": "tocsin.inbox.v1", "setting": "max.message.bytes", "actual": "3000", "declared": "4194304", "weight": "degrades",
        "consequence": "Kafka refuses larger records", "mend": "tocsin topics mend inbox",
    }  # fmt: skip
    assert render(found(topics=[topic])).splitlines()[-2:] == [
        "▲ topic tocsin.inbox.v1: max.message.bytes is 3000, declared is 4194304",
        "  Kafka refuses larger records. To mend it: tocsin topics mend inbox",
    ]


def test_what_a_running_process_cannot_do_is_named_with_it() -> None:
    troubles = {"webhook": ["Kafka refuses records", "another"], "process": ["Kafka refuses an entry"]}
    assert render(found(troubles=troubles)).splitlines()[-4:] == [
        "",
        "▲ webhook: Kafka refuses records",
        "▲ webhook: another",
        "▲ process: Kafka refuses an entry",
    ]


def test_a_receiver_that_is_told_nothing_is_named_with_what_mends_it() -> None:
    trouble = {"sink": "slack", "place": "C1", "receivers": ["oncall"], "error": "is_archived", "advice": "mend it", "since": 0}
    said = render(found(receivers=[{**trouble, "waiting": 0}])).splitlines()
    assert (said[-3], said[-1]) == ("▲ broken receiver oncall (slack channel C1): is_archived", "    to mend it: mend it")
