"""Each judge of the fuzz campaign is content with what is right, and finds what is broken."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.fuzz import judges
from tests.fuzz.cases import Case
from tests.fuzz.mutate_http import Written
from tests.fuzz.sender import End, Exchange
from tests.fuzz.wire import Answer
from tocsin.state import ProcessState

DOCUMENTED = judges.documented_statuses(judges.DESIGN.read_text())
WEBHOOK = Case(7, "json", "webhook", Written(b"POST", b"/in/shop/door", (), b"{}"), "127.0.0.1")
OPERATOR = replace(WEBHOOK, target="operator")
RUNNING = ProcessState(name="webhook", pid=5, state="running", restarts=0, signals={}, last_end=None, last_end_at=None)


def exchange(*statuses: int, case: Case = WEBHOOK, end: End = "answered", body: bytes = b"", **headers: str) -> Exchange:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Exchange(case, [Answer(status, named, body) for status in statuses], end, 0.1)


def test_statuses_are_read_from_the_table_of_answers() -> None:
    table = "| answer | when |\n|---|---|\n| 202 `{…}` | durable |\n| 404, 405 | no |\n| 503 + `Retry-After` | later, as 500 |\n"
    assert judges.documented_statuses(table) == {202, 404, 405, 503}


@pytest.mark.parametrize("status", [200, 202, 400, 401, 403, 404, 405, 408, 413, 415, 422, 429])
def test_documented_status_is_right(status: int) -> None:
    assert judges.status_problems([exchange(status)], DOCUMENTED) == []


@pytest.mark.parametrize("status", [201, 301, 409, 418, 500, 502])
def test_status_that_no_table_has_is_found(status: int) -> None:
    found = judges.status_problems([exchange(status)], DOCUMENTED)
    assert len(found) == 1
    assert "--only 7" in found[0]


def test_operator_may_create_and_refuse() -> None:
    assert judges.status_problems([exchange(201, 409, case=OPERATOR)], DOCUMENTED) == []


def test_503_needs_a_word_of_when_to_come_again() -> None:
    assert judges.status_problems([exchange(503, retry_after="1")], DOCUMENTED) == []
    assert len(judges.status_problems([exchange(503)], DOCUMENTED)) == 1


@pytest.mark.parametrize("end", ["closed", "silent"])
def test_whole_request_without_an_answer_is_found(end: End) -> None:
    assert len(judges.unanswered_problems([exchange(end=end)])) == 1
    assert judges.unanswered_problems([exchange(400, end=end)]) == []


def test_nobody_owes_an_answer_to_half_a_request() -> None:
    half = replace(WEBHOOK, written=replace(WEBHOOK.written, is_whole=False))
    assert judges.unanswered_problems([exchange(case=half, end="silent")]) == []


def test_503_that_stays_when_all_is_quiet_is_found() -> None:
    assert len(judges.still_unavailable([exchange(503, body=b"The database does not answer.")])) == 1
    assert judges.still_unavailable([exchange(202), exchange(503, body=b"The rate limit is reached")]) == []


@pytest.mark.parametrize(
    "change", [{"pid": 6}, {"state": "starting"}, {"restarts": 1}, {"signals": {"SIGKILL": 1}}, {"pid": None}]
)
def test_process_that_did_not_just_run_is_found(change: dict[str, object]) -> None:
    now: ProcessState = {**RUNNING, **change}  # type: ignore[typeddict-item]
    assert len(judges.process_problems([RUNNING], [now])) == 1


def test_process_that_is_gone_is_found() -> None:
    assert judges.process_problems([RUNNING], [RUNNING]) == []
    assert judges.process_problems([RUNNING], []) == ["process webhook is gone"]


@pytest.mark.parametrize(("quiet", "busy", "found"), [(0.01, 0.9, 0), (0.01, 1.1, 1), (0.3, 2.9, 0), (0.3, 3.1, 1)])
def test_p99_over_a_second_and_ten_times_the_quiet_one_is_found(quiet: float, busy: float, found: int) -> None:
    assert len(judges.latency_problems([quiet] * 100, [0.01] * 97 + [busy] * 3)) == found


def test_client_that_measured_nothing_has_no_good_p99() -> None:
    assert len(judges.latency_problems([0.01], [])) == 1


def test_process_that_grows_by_more_than_its_bound_is_found() -> None:
    warm = {"webhook": 60.0, "kafka": 300.0}
    assert judges.memory_problems(warm, {"webhook": 259.0, "kafka": 899.0}) == []
    assert judges.memory_problems(warm, {"webhook": 261.0, "kafka": 901.0}) == [
        "webhook grew from 60 to 261 MB",
        "kafka grew from 300 to 901 MB",
    ]


@pytest.mark.parametrize(
    "line", [b"Traceback (most recent call last):\n  File", b"[error] request_failed path=/in", b"was never awaited"]
)
def test_fault_in_a_log_is_found(line: bytes) -> None:
    assert judges.log_problems({"webhook.log": b"[info] started\n"}) == []
    assert "webhook.log" in judges.log_problems({"webhook.log": b"[info] started\n" + line})[0]


def test_fault_in_a_log_names_the_requests_that_were_there() -> None:
    line = b"2026-11-27 19:34:59,705 [ERROR] uvicorn.error: Exception in ASGI application\n"
    at = datetime(2026, 11, 27, 19, 34, 59, 705_000, UTC).timestamp()
    sent = [
        replace(exchange(), case=replace(WEBHOOK, number=number), begun_at=at + number - 0.5, seconds=1)
        for number in range(-4, 4)
    ]
    assert judges.underway(line, sent) == {0}
    assert "underway then: ['--only 0']" in judges.log_problems({"webhook.log": line}, sent)[0]


@pytest.mark.parametrize("change", [{"state": "does not add up"}, {"pending": 3}, {"difference": -1}])
def test_ledger_that_does_not_add_up_is_found(change: dict[str, object]) -> None:
    row = {"project": "shop", "state": "adds up", "received": 9, "pending": 0, "difference": 0}
    assert judges.ledger_problems([row]) == []
    assert len(judges.ledger_problems([{**row, **change}])) == 1


def test_ledger_without_a_project_is_no_ledger() -> None:
    assert len(judges.ledger_problems([])) == 1


@pytest.mark.parametrize("stored", [[], [("a", 1)], [("a", 4)], [("a", 2), ("a", 2)], [("a", 2), ("stranger", 1)]])
def test_good_alert_that_is_lost_doubled_or_miscounted_is_found(stored: list[tuple[str, int]]) -> None:
    assert len(judges.good_alerts_problems(Counter(a=2), Counter(), stored)) == 1


@pytest.mark.parametrize("count", [2, 3])
def test_good_alert_that_got_no_answer_once_may_be_counted_or_not(count: int) -> None:
    assert judges.good_alerts_problems(Counter(a=2), Counter(a=1), [("a", count)]) == []


@pytest.mark.parametrize("read", [{}, {"r": 404}, {"r": ["created"]}, {"r": ["created", "pending"]}, {"r": ["created"] * 3}])
def test_receipt_that_cannot_be_read_or_is_not_final_is_found(read: dict[str, list[str] | int]) -> None:
    assert judges.receipt_problems({"r": 2}, {"r": ["created", "rejected"]}) == []
    assert len(judges.receipt_problems({"r": 2}, read)) == 1


def test_good_client_that_was_refused_or_never_answered_is_found() -> None:
    assert judges.good_client_problems([], 100) == []
    assert judges.good_client_problems(["an alert got 422"], 100) == ["the good client: an alert got 422"]
    assert len(judges.good_client_problems([], 0)) == 1
