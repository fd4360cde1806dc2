"""Durations and rates as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.durations import Span, parse_duration, parse_rate, parse_span, render_duration, render_exact


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("500ms", 500),
        ("10s", 10_000),
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("24h", 86_400_000),
        ("7d", 604_800_000),
        ("1w1d", 691_200_000),
        ("0m", 0),
        ("0", 0),
    ],
)
def test_durations_are_milliseconds(text: str, millis: int) -> None:
    assert parse_duration(text) == millis


@pytest.mark.parametrize("text", ["", "5", "5 m", "-5m", "1.5h", "30m1h", "5M", "٣m", "1y", "4000d", "9" * 5000 + "s"])
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="write a duration such as"):
        parse_duration(text)


@given(st.integers(0, 3650 * 86_400_000))
def test_written_duration_reads_back_equal(millis: int) -> None:
    assert parse_duration(render_duration(millis)) == millis


@given(st.integers(0, 3650 * 86_400_000))
def test_an_exact_duration_is_written_without_days_and_reads_back_equal(millis: int) -> None:
    text = render_exact(millis)
    assert "d" not in text
    assert parse_span(text) == Span(0, millis)


@pytest.mark.parametrize(
    ("text", "span"), [("1d", Span(1, 0)), ("2w1d", Span(15, 0)), ("2d12h", Span(2, 43_200_000)), ("24h", Span(0, 86_400_000))]
)
def test_a_span_keeps_days_apart_from_hours(text: str, span: Span) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize(("text", "per_minute"), [("600/m", 600), ("10/s", 600), ("600/h", 10), ("1/h", 1)])
def test_rates_are_events_a_minute(text: str, per_minute: int) -> None:
    assert parse_rate(text) == per_minute


@pytest.mark.parametrize("text", ["600", "0/m", "600/d", "600 / m", "-1/s"])
def test_other_texts_are_no_rates(text: str) -> None:
    with pytest.raises(ValueError, match="write a rate such as"):
        parse_rate(text)
