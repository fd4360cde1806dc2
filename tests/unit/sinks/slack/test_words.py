"""Replies, text forms and the rate: small pure things."""

from __future__ import annotations

import pytest

from sinks.slack import mrkdwn
from sinks.slack.rate import Rate
from sinks.slack.replies import render_reply
from tests.unit.sinks.slack.world import CONTEXT, NOON, incident, notification

MINUTE = 60_000


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("severity_raised", {"severity": "high"}, "◆ high: severity raised"),
        ("acknowledged", {"actor": "ada", "at": NOON + 3 * MINUTE}, "Acknowledged by Ada after 3 min"),
        ("acknowledged", {"actor": "<!here>"}, "Acknowledged by &lt;!here&gt; after 0 s"),
        ("reassigned", {"actor": "bob"}, "Assigned to Ada by Bob &lt;b&gt;"),
        ("resolved", {"at": NOON + 26 * 60 * MINUTE}, "✓ Resolved after 1 d 2 h"),
        ("resolved", {"actor": "ada", "at": NOON + 45_000}, "✓ Resolved by Ada after 45 s"),
        ("reopened", {"actor": "ada"}, "▲ critical: reopened by Ada"),
        ("reminder", {"at": NOON + 60 * MINUTE}, "▲ critical: still triggered after 1 h, 3 of 3 alerts firing"),
        ("opened", {}, "▲ critical: opened"),
    ],
)
def test_reply_says_what_changed_who_did_it_and_when(kind: str, changes: dict[str, object], said: str) -> None:
    assert render_reply(notification(2, kind, **changes), incident(assignees=["ada"]), CONTEXT) == said


def test_the_end_of_a_merged_incident_says_where_its_alerts_are() -> None:
    merged = incident(merged_into=3, status="resolved")
    assert render_reply(notification(2, "resolved", actor="ada"), merged, CONTEXT) == "✓ Merged into #3 by Ada"


def test_the_end_of_an_incident_says_which_alerts_ended_for_another_reason() -> None:
    ended = incident(status="resolved", end_reason="alert #3 ended because Grafana says <x>")
    said = "✓ Resolved after 0 s: alert #3 ended because Grafana says &lt;x&gt;"
    assert render_reply(notification(2, "resolved"), ended, CONTEXT) == said


@pytest.mark.parametrize(
    ("millis", "said"),
    [(-5, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (3_600_000, "1 h"), (3_660_000, "1 h 1 min"), (90_000_000, "1 d 1 h")],
)
def test_duration_is_told_in_its_two_largest_units(millis: int, said: str) -> None:
    assert mrkdwn.duration(millis) == said


@pytest.mark.parametrize("limit", [1, 2, 5, 10, 100])
def test_escaped_text_keeps_its_limit_and_no_half_escape(limit: int) -> None:
    text = mrkdwn.escape_within("&<>é" * 50, limit)
    assert len(text) <= limit or text in ("…", "")
    assert mrkdwn.escape(text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")) == text


def test_link_that_is_no_web_link_is_none() -> None:
    bad = ["javascript:alert(1)", "https://a b", "https://a|b", "https://a>b", "ftp://a", "https://" + "a" * 1000]
    assert [mrkdwn.link(url, "x") for url in bad] == [""] * len(bad)


def test_rate_lets_a_burst_through_and_then_one_a_second_for_each_channel() -> None:
    rate = Rate()
    taken = [rate.take("chat.postMessage", "C1", 0.0) for _ in range(5)]
    assert taken == [True, True, True, False, False]
    assert rate.take("chat.postMessage", "C2", 0.0)
    assert rate.take("chat.update", "C1", 0.0)
    assert [rate.take("chat.postMessage", "C1", now) for now in (0.9, 1.0, 1.5, 2.0)] == [False, True, False, True]


def test_retry_after_holds_its_method_and_channel_alone() -> None:
    rate = Rate()
    rate.hold("chat.update", "C1", 30, 0.0)
    assert [rate.take("chat.update", "C1", now) for now in (0.0, 29.9, 30.0)] == [False, False, True]
    assert rate.take("chat.postMessage", "C1", 0.0)
    assert rate.take("chat.update", "C2", 0.0)


def test_failures_rest_the_channel_longer_each_time_until_one_call_works() -> None:
    rate = Rate()
    assert [rate.note_failure("C1", 0.0) for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert not rate.take("chat.postMessage", "C1", 29.0)
    rate.note_success("C1")
    assert rate.take("chat.postMessage", "C1", 29.0)
    assert rate.note_failure("C1", 29.0) == 1
