"""The many ways to write a time, to write that there is none, and what is neither."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from producers.webhook.refused import RejectedElement
from producers.webhook.text import Json
from producers.webhook.times import millis_of, time_of
from tests.unit.producers.webhook.doors import a_door, parse_json

TEN_O_CLOCK = 1_767_261_600_000
"""2026-01-01T10:00:00Z, a Thursday."""


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-01T10:00:00Z", "2026-01-01 10:00:00", "2026-01-01t10:00:00z", "2026-01-01T12:00:00+02:00", "20260101T100000Z",
        "2026-01-01T10:00:00.000999999Z", "2026-01-01T10:00:00,000Z", "2026-01-01T10:00", "2026-W01-4T10:00:00", "1767261600",
        "1767261600000", "1767261600.0004", 1_767_261_600, TEN_O_CLOCK, Raw("1767261600.000"),
        Raw("1.7672616e9"), Raw("1.7672616e12"), TEN_O_CLOCK * 1000, TEN_O_CLOCK * 1_000_000, str(TEN_O_CLOCK * 1_000_000),
        20260101100000, "20260101100000", " 2026-01-01T10:00:00Z\n", "2026-01-01T10:00:00 Z",
        "2026-01-01 10:00:00 UTC", "2026-01-01 10:00:00 +0000 UTC", "2026-01-01 11:00:00.000123456 +0100 CET m=+0.001",
        "2026-01-01 12:00:00 +02:00", "2026-01-01T12:00+02", "2026-01-01T11:00:00+01:00[Europe/Berlin]", "2026-1-1 10:00",
        "2026/01/01 10:00:00", "2026.01.01 10:00", "2026-01-01 10:00:00,000",
        "Thu, 01 Jan 2026 10:00:00 GMT", "Thu, 1 Jan 2026 10:00:00 +0000", "01 Jan 2026 10:00", "1-Jan-2026 10:00:00",
        "01/Jan/2026:11:00:00 +0100", "2026-Jan-01 10:00", "January 1st, 2026 at 10:00 am", "Jan 1, 2026 10:00:00 AM",
        "Thu Jan  1 10:00:00 2026", "Thu Jan 1 10:00:00 UTC 2026", "Thu Jan 01 2026 11:00:00 GMT+0100 (Central European Time)",
    ],
)  # fmt: skip
def test_a_time_may_be_written_in_many_ways(value: Json) -> None:
    assert millis_of(value) == TEN_O_CLOCK


@pytest.mark.parametrize(
    "value",
    [
        None, False, [], {}, "", "  ", "null", "NULL", "None", " none ", "nil", "N/A", "undefined", "never", "-", "--",
        "\u2014", "...", "\ud800",
        0, -1, "0", "-1", "0.0", Raw("0.0"), Raw("-0"), Raw("-1e400"), -62_135_596_800, -62_135_596_800_000,
        "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00-14:00",
        "0001-01-01 00:00:00 +0000 UTC", "0001-01-01", "0001-12-31T23:59:59Z", "Mon, 01 Jan 0001 00:00:00 GMT",
        "0000-00-00 00:00:00", "0000-00-00", "1970-01-01T00:00:00Z", "1970-01-01T01:00:00+01:00",
        "9999-12-31T23:59:59.999Z", "9999-12-31", "infinity",
    ],
)  # fmt: skip
def test_there_are_many_ways_to_say_that_there_is_no_time(value: Json) -> None:
    assert millis_of(value) is None


UNREADABLE: list[Json] = [
    True, [1], {"a": 1}, "soon", "now", "25:00", "10:00", "2026-02-30", "2026-13-45T99:00:00Z", "2026-01-01x10:00:00Z",
    "٢٠٢٦-01-01", "١٢٣", "2026-01-01T10:00:00Z\0", 10_800_000, "2026-00-01", "9" * 65, 10**20, 10**400, Raw("1e400"),
    "Jan 2026", "1 Jan", "1 Jan 10:00", "Thu", "1 2 Jan 2026", "31 Nov 2026", "Thu, 01-Jan-26 10:00:00 GMT",
    "2026-01-01 10:00:61", "2026-01-01 24:01", "2026-01-01 13:00 pm", "2026-01-01 10:00:00 +99:00", "9999-12-31 24:00",
]  # fmt: skip


@pytest.mark.parametrize("value", UNREADABLE)
def test_what_is_neither_is_refused_with_its_field(value: Json) -> None:
    with pytest.raises(RejectedElement, match=r"^check\.at .* is no time that can be read.*; write it as 2026-11-27T11:45:00Z"):
        time_of(value, "check.at")


@pytest.mark.parametrize("text", ["11/12/2026", "11/12/2026 10:00", "27/11/2026", "27.11.2026 11:45", "1-2-26", "11-27-2026"])
def test_the_order_of_day_and_month_is_never_guessed_not_even_where_one_is_over_12(text: str) -> None:
    with pytest.raises(RejectedElement, match="which of its numbers is the day and which the month is not guessed"):
        time_of(text, "start_time")


@pytest.mark.parametrize("text", ["2026-11-27 11:45:00 EST", "Fri, 27 Nov 2026 11:45:00 CST", "Fri Nov 27 11:45:00 IST 2026"])
def test_a_zone_that_many_have_is_not_guessed(text: str) -> None:
    with pytest.raises(RejectedElement, match=r"which zone '[CEI]ST' stands for is not guessed"):
        time_of(text, "start_time")


PIECES = st.sampled_from(
    ["2026", "1", "27", "11", "45", "99", "0001", "9999", "-", "/", ".", ",", ":", " ", "T", "Z", "UTC", "GMT", "+", "+0100",
     "-99:99", "Nov", "february", "Fri", "am", "PM", "th", "at", "m=+0.1", "(x)", "[y]", "CET", "e", "null", "\0", "é", "٣"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join) | st.integers() | st.floats().map(lambda number: Raw(str(number).encode())))
def test_whatever_stands_there_is_a_time_or_none_or_refused_and_a_time_lies_in_the_calendar(value: Json) -> None:
    try:
        millis = time_of(value, "start_time")
    except RejectedElement:
        return
    assert millis is None or -62_104_060_800_000 <= millis < 253_370_764_800_000


def test_of_a_long_text_only_the_beginning_is_repeated() -> None:
    with pytest.raises(RejectedElement) as refused:
        time_of("so\x00on " * 40_000, "end_time")
    assert str(refused.value).startswith("end_time 'so\ufffdon so\ufffdon ")
    assert len(str(refused.value)) < 200


def test_a_date_alone_is_its_midnight_and_a_day_may_end_at_24() -> None:
    assert [millis_of(text) for text in ("2026-01-01", "20260101", 20260101, "Jan 1, 2026", "2025-12-31 24:00")] == [
        1_767_225_600_000
    ] * 5


def test_numbers_are_milliseconds_from_1e11_up() -> None:
    assert (millis_of(99_999_999_999), millis_of(100_000_000_000)) == (99_999_999_999_000, 100_000_000_000)


def test_a_leap_second_is_the_second_after_it() -> None:
    assert millis_of("2016-12-31T23:59:60Z") == millis_of("2017-01-01T00:00:00Z")


@pytest.mark.parametrize("absent", [0, -1, "0001-01-01T00:00:00.000+02:00", "", "null", "none", "-"])
def test_an_absent_time_is_absent_in_every_format_and_behind_every_path(absent: Json) -> None:
    envelope = {"version": "4", "alerts": [{"status": "resolved", "labels": {"a": "b"}, "startsAt": absent, "endsAt": absent}]}
    door = a_door(fields={"starts_at": "t.from", "ends_at": "t.to"})
    events = [
        *parse_json({"title": "t", "start_time": absent, "end_time": absent}).events,
        *parse_json({"title": "t", "t": {"from": absent, "to": absent}}, door).events,
        *parse_json(envelope).events,
        *parse_json(envelope | {"orgId": 1}).events,
    ]
    assert [(event.started_at, event.ended_at) for event in events] == [(None, None)] * 4
    assert [event.is_firing for event in events] == [True, True, False, False]


def test_an_unreadable_time_refuses_its_element_in_every_format_and_the_others_go_on() -> None:
    good, bad = ({"status": "resolved", "labels": {"a": "b"}, "endsAt": at} for at in ("2026-01-01T10:00:00Z", "soon"))
    generic = parse_json([{"title": "a"}, {"title": "b", "end_time": "soon"}, {"title": "c", "start_time": "soon"}])
    mapped = parse_json({"t": {"to": ["soon"]}, "end_time": 1}, a_door(fields={"ends_at": "t.to[0]"}))
    parsed = [
        generic,
        mapped,
        parse_json({"version": "4", "alerts": [good, bad]}),
        parse_json({"orgId": 1, "alerts": [bad, good]}),
    ]
    assert [len(one.events) for one in parsed] == [1, 0, 1, 1]
    assert [refusal.reason.partition(" is ")[0] for one in parsed for refusal in one.refusals] == [
        "end_time 'soon'", "start_time 'soon'", "t.to[0] 'soon'", "endsAt 'soon'", "endsAt 'soon'",
    ]  # fmt: skip
