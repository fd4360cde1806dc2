"""Words for severity and status, beyond what the vectors say."""

from __future__ import annotations

import pytest

from producers.webhook.refused import RejectedElement
from producers.webhook.severity import SEVERITY_OF, severity_of
from producers.webhook.severity import build_table as severities
from producers.webhook.status import FIRING, RESOLVED, STATUS_OF, Status, status_of
from producers.webhook.status import build_table as statuses
from producers.webhook.text import Json

OWN = statuses({"Ack ": "ignore", "2": "firing", "OK": "firing", "false": "resolved"})


def test_an_integrations_own_words_come_before_the_common_ones_in_any_case() -> None:
    table = severities({"Ouch": "critical", "warning": "high"})
    assert [severity_of(word, table) for word in (" OUCH", "Warning", "warn", "bogus", None)] == [
        "critical", "high", "low", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        "resolve resolved ok okay recovery recovered closed close clear cleared up normal healthy success passed inactive green",
        "firing problem critical down alerting open trigger triggered active error fail failed warning unhealthy red pending",
    ],
)
def test_the_common_words_of_a_status_mean_one_thing_trimmed_and_in_any_case(words: str) -> None:
    meaning = RESOLVED if words.startswith("resolve") else FIRING
    for word in words.split():
        assert {status_of(form, STATUS_OF) for form in (word, f" {word.upper()}\n", word.title())} == {meaning}


@pytest.mark.parametrize("value", [None, False, "", "  ", [], {}, ["resolved"], {"state": "resolved"}])
def test_an_absent_status_says_nothing(value: Json) -> None:
    assert status_of(value, STATUS_OF) is None


def test_a_word_without_a_meaning_fires_and_is_kept_within_bounds() -> None:
    said: list[Json] = ["Degraded", 0, True, "not\tok", "x" * 50]
    assert [status_of(value, STATUS_OF) for value in said] == [
        Status(True, "Degraded"), Status(True, "0"), Status(True, "true"), Status(True, "not ok"), Status(True, "x" * 40 + "..."),
    ]  # fmt: skip


def test_status_map_comes_before_the_common_words_and_takes_numbers_and_false() -> None:
    assert [status_of(value, OWN) for value in (2, "ok", False, "up")] == [FIRING, FIRING, RESOLVED, RESOLVED]


def test_what_status_map_ignores_is_refused_as_such() -> None:
    with pytest.raises(RejectedElement, match=r"^ignored: status_map passes over the status 'ACK'$"):
        status_of(" ACK", OWN)


def test_no_word_is_in_both_rows_of_its_table() -> None:
    assert (len(SEVERITY_OF), len(STATUS_OF)) == (34, 33)
