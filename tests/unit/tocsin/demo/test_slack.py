"""How the demo tells what Slack was told."""

from __future__ import annotations

from tocsin.demo.slack import Arguments, Call, tell_calls


def call(method: str, text: str, ts: str = "", thread_ts: str | None = None, result: str = "ok") -> Call:
    return Call(f"chat.{method}", Arguments("C1", text, ts, thread_ts), result)


def test_each_message_and_reply_is_told() -> None:
    calls = [call("postMessage", "one"), call("postMessage", "two"), call("postMessage", "three", thread_ts="1.0")]
    assert list(tell_calls(calls)) == ["posted in C1: one", "posted in C1: two", "replied in C1: three"]


def test_edits_in_a_row_are_one_line_with_the_last_text() -> None:
    calls = [call("update", "one", ts="1.0"), call("update", "two", ts="1.0"), call("update", "three", ts="2.0")]
    assert list(tell_calls(calls)) == ["edited 2 times in C1: two", "edited in C1: three"]


def test_what_slack_refused_says_so() -> None:
    assert list(tell_calls([call("postMessage", "one", result="ratelimited")])) == ["posted in C1: one (ratelimited)"]
