"""What an answer means, and that nothing is made of one that Slack would not give."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import TocsinError
from schemas.over_limit import OVER
from sinks.slack.answers import Done, Page, Sent, delivery_id_of, read_answer, retry_after, ts_of
from sinks.slack.errors import Blocked, Failed, Gone, NotUnderstood, Refused, Throttled
from sinks.slack.exchange import Answer

HOUR = 3600
SENT = {"ok": True, "channel": "C1", "ts": "1800014400.000001", "message": {"thread_ts": "1.000001"}}


def answer(said: Any, status: int = 200) -> Answer:
    return Answer(status, {}, said if isinstance(said, bytes) else json.dumps(said).encode())


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in SENT.items() if name != key}


def test_message_that_was_posted_is_addressed_as_slack_says() -> None:
    assert read_answer(answer(SENT), Sent, HOUR) == Sent("C1", "1800014400.000001", {"thread_ts": "1.000001"})


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"<html><body>Service is being upgraded</body></html>",
        b" " * 1000,
        b"\xff\xfe",
        b'{"ok": true',
        b"[" * 2000,
        b"null",
        b'"ok"',
        b"[]",
        {},
        {"ok": None},
        {"ok": "true"},
        {"ok": 1},
        {"ok": False, "error": ""},
        {"ok": False},
        {"ok": False, "error": 7},
        {"ok": False, "error": {"a": "b"}},
        {"ok": False, "error": "x" * 65},
        {"ok": False, "error": "not_in_channel\n"},
        {"ok": False, "error": "<!channel> \x1b[31m"},
        without("ok"),
        without("channel"),
        without("ts"),
        SENT | {"channel": ""},
        SENT | {"channel": ["C1"]},
        SENT | {"channel": "C1\n"},
        SENT | {"ts": 1800014400.000001},
        SENT | {"ts": "soon"},
        SENT | {"ts": "1.0e9"},
        SENT | {"ts": "1.1\n"},
        SENT | {"ts": "9" * 400 + ".1"},
        SENT | {"message": "posted"},
    ],
    ids=lambda said: str(said)[:40],
)
def test_answer_that_slack_would_not_give_is_not_understood(said: Any) -> None:
    with pytest.raises(NotUnderstood) as raised:
        read_answer(answer(said), Sent, HOUR)
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize("status", [201, 301, 307, 400, 403, 404, 413])
def test_page_of_another_server_is_not_understood_whatever_its_status(status: int) -> None:
    with pytest.raises(NotUnderstood, match=f"status {status}"):
        read_answer(answer(b"<html>", status), Sent, HOUR)
    with pytest.raises(NotUnderstood, match=f"status {status}"):
        read_answer(answer(SENT, status), Sent, HOUR)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("ratelimited", Throttled),
        ("internal_error", Failed),
        ("message_not_found", Gone),
        ("invalid_blocks", Refused),
        ("not_in_channel", Blocked),
        ("a_word_of_next_year", Blocked),
    ],
)
def test_word_of_slack_s_is_understood(error: str, expected: type[TocsinError]) -> None:
    with pytest.raises(expected):
        read_answer(answer({"ok": False, "error": error}), Sent, HOUR)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_whatever_comes_is_read_or_is_an_error_of_ours(said: bytes | str) -> None:
    body = said if isinstance(said, bytes) else said.encode()
    for kind in (Done, Sent, Page):
        with pytest.raises(TocsinError):
            read_answer(answer(body), kind, HOUR)


@pytest.mark.parametrize(
    "said",
    [
        {"ok": True},
        {"ok": True, "messages": {}},
        {"ok": True, "messages": ["m"]},
        {"ok": True, "messages": [], "response_metadata": {"next_cursor": 3}},
    ],
)
def test_history_that_shows_no_messages_is_not_taken_for_an_empty_one(said: Any) -> None:
    with pytest.raises(NotUnderstood):
        read_answer(answer(said), Page, HOUR)


def test_messages_of_others_are_passed_over_whatever_they_hold() -> None:
    others: list[dict[str, Any]] = [
        {"ts": 1, "text": "\ud800"}, {"metadata": None}, {"metadata": []}, {"metadata": {"event_type": "tocsin_incident"}},
        {"metadata": {"event_type": "other", "event_payload": {"delivery_id": "d"}}},
        {"metadata": {"event_type": "tocsin_incident", "event_payload": {"delivery_id": 7}}},
    ]  # fmt: skip
    page = read_answer(answer({"ok": True, "messages": others, "response_metadata": None}), Page, HOUR)
    assert [delivery_id_of(one, "tocsin_incident") for one in page.messages] == [""] * len(others)
    assert page.cursor == ""


def test_message_of_ours_without_a_time_is_not_understood() -> None:
    """To pass it over would be to post it again."""
    with pytest.raises(NotUnderstood):
        ts_of(answer({}), {"ts": 1})


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0", 0), ("30", 30), (" 7 ", 7), ("3600", 3600), ("3601", 3600), ("9" * 400, 3600), ("-5", 30), ("1.5", 30), ("", 30),
        ("inf", 30), ("²", 30), ("Fri, 27 Nov 2026 20:00:00 GMT", 30), ("soon", 30),
    ],
)  # fmt: skip
def test_slack_may_ask_for_an_hour_at_most_whatever_it_writes(written: str, seconds: int) -> None:
    assert retry_after({"retry-after": written}, HOUR) == seconds


def test_longer_wait_than_is_allowed_is_counted() -> None:
    before = OVER.labels("slack_retry_after_seconds")._value.get()
    with pytest.raises(Throttled, match="10 s"):
        read_answer(Answer(429, {"retry-after": "11"}, b"slow down"), Sent, 10)
    assert OVER.labels("slack_retry_after_seconds")._value.get() == before + 1
