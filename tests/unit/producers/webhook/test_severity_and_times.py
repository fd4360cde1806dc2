"""Words for severity and the many ways to write a time, beyond what the vectors say."""

from __future__ import annotations

import pytest
from msgspec import Raw

from producers.webhook.severity import build_table, severity_of
from producers.webhook.text import Json
from producers.webhook.times import millis_of

TEN_O_CLOCK = 1_767_261_600_000
"""2026-01-01T10:00:00Z"""


def test_an_integrations_own_words_come_before_the_common_ones_in_any_case() -> None:
    table = build_table({"Ouch": "critical", "warning": "high"})
    assert [severity_of(word, table) for word in (" OUCH", "Warning", "warn", "bogus", None)] == [
        "critical", "high", "low", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-01T10:00:00Z", "2026-01-01 10:00:00", "2026-01-01t10:00:00z", "2026-01-01T12:00:00+02:00", "20260101T100000Z",
        "2026-01-01T10:00:00.000999999Z", "2026-01-01T10:00:00,000Z", "2026-01-01T10:00", "2026-W01-4T10:00:00", "1767261600",
        "1767261600000", "1767261600.0004", 1_767_261_600, TEN_O_CLOCK, Raw("1767261600.000"),
        Raw("1.7672616e9"), Raw("1.7672616e12"),
    ],
)  # fmt: skip
def test_a_time_may_be_written_in_many_ways(value: Json) -> None:
    assert millis_of(value) == TEN_O_CLOCK


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, "", " 2026-01-01T10:00:00Z", "2026-01-01x10:00:00Z", "2026-02-30", "25:00", "now", "٢٠٢٦-01-01", "١٢٣",
        [], {}, "9" * 65,
        10**15, Raw("1e400"), Raw("-1e400"), 10**400, "0001-01-01T00:00:00Z", "0001-12-31T23:59:59Z",
        "\ud800", "2026-01-01T10:00:00Z\0",
    ],
)  # fmt: skip
def test_what_is_no_time_is_absent(value: Json) -> None:
    assert millis_of(value) is None


def test_a_date_alone_is_its_midnight_and_zero_is_the_epoch() -> None:
    assert (millis_of("2026-01-01"), millis_of(0), millis_of("0"), millis_of(-1)) == (1_767_225_600_000, 0, 0, -1000)


def test_numbers_are_milliseconds_from_1e11_up() -> None:
    assert (millis_of(99_999_999_999), millis_of(100_000_000_000)) == (99_999_999_999_000, 100_000_000_000)


def test_the_last_millisecond_that_a_calendar_holds_is_read() -> None:
    assert millis_of("9999-12-31T23:59:59.999Z") == 253_402_300_799_999
    assert millis_of("9999-12-31T23:59:59.999-14:00") is None
